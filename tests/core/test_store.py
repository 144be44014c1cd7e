from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tests.support.facts import DARCY, ELIZABETH, JANE, NOON, incoming, outgoing
from tui_xmpp.core import events as e
from tui_xmpp.core.changes import ContactChanged, ConversationChanged, RequestsChanged, RosterReset
from tui_xmpp.core.model import (
    Delivery,
    OwnPresence,
    Presence,
    Prompt,
    PromptKind,
    RosterItem,
    Show,
    Subscription,
    SubscriptionRequest,
)
from tui_xmpp.core.store import MAX_REQUESTS, MAX_RESOURCES, Store
from tui_xmpp.jid import BareJID


def store_of(events: Sequence[e.Event]) -> Store:
    store = Store()
    for event in (e.AccountAdded(ELIZABETH, OwnPresence()), *events):
        store.apply(event)
    return store


def darcy(resource: str, show: Show = Show.ONLINE, priority: int = 0, status: str = "") -> e.PresenceChanged:
    return e.PresenceChanged(ELIZABETH, DARCY.with_resource(resource), Presence(show, status, priority))


ROSTER = e.RosterReplaced(
    ELIZABETH,
    (RosterItem(DARCY, "Fitzwilliam", ("Friends",), Subscription.BOTH), RosterItem(JANE, subscription=Subscription.TO)),
    "v1",
)


def test_a_fact_of_an_account_that_is_not_here_changes_nothing() -> None:
    store = Store()
    assert store.apply(ROSTER) == ()
    assert store.accounts() == ()


def test_the_row_shows_the_resource_that_would_get_a_message() -> None:
    store = store_of([ROSTER, darcy("phone", Show.CHAT, 0), darcy("desk", Show.AWAY, 10, "at the ball")])
    contact = store.contact(ELIZABETH, DARCY)
    assert contact is not None
    assert (contact.show, contact.status) == (Show.AWAY, "at the ball")
    assert [resource.resource for resource in contact.resources] == ["desk", "phone"]


def test_c_pre_06_unavailable_from_the_bare_address_takes_every_resource() -> None:
    store = store_of([ROSTER, darcy("phone"), darcy("desk"), e.PeerLeft(ELIZABETH, DARCY, "good night")])
    contact = store.contact(ELIZABETH, DARCY)
    assert contact is not None
    assert (contact.show, contact.status, contact.resources) == (Show.OFFLINE, "good night", ())


def test_c_pre_06_unavailable_from_a_full_address_takes_that_resource() -> None:
    store = store_of([ROSTER, darcy("phone"), darcy("desk")])
    store.apply(e.PresenceChanged(ELIZABETH, DARCY.with_resource("phone"), None))
    contact = store.contact(ELIZABETH, DARCY)
    assert contact is not None
    assert [resource.resource for resource in contact.resources] == ["desk"]


def test_s_53_resources_and_requests_of_a_flood_are_capped() -> None:
    store = store_of([ROSTER, *(darcy(str(number)) for number in range(MAX_RESOURCES * 2))])
    contact = store.contact(ELIZABETH, DARCY)
    assert contact is not None
    assert len(contact.resources) == MAX_RESOURCES
    for number in range(MAX_REQUESTS + 50):
        peer = BareJID.parse(f"spam{number}@example.org")
        store.apply(e.SubscriptionRequested(ELIZABETH, SubscriptionRequest(ELIZABETH, peer, NOON)))
    assert len(store.requests()) == MAX_REQUESTS


def test_a_presence_says_which_row_is_stale_and_no_other() -> None:
    store = store_of([ROSTER])
    assert store.apply(darcy("desk")) == (ContactChanged(ELIZABETH, DARCY),)


def test_a_presence_of_a_chat_partner_also_renews_the_conversation() -> None:
    store = store_of([ROSTER, e.MessageReceived(ELIZABETH, incoming("a"))])
    assert ConversationChanged(ELIZABETH, DARCY) in store.apply(darcy("desk"))


def test_the_end_of_a_session_takes_all_presences_but_not_the_roster() -> None:
    store = store_of([ROSTER, darcy("desk")])
    assert RosterReset(ELIZABETH) in store.apply(e.SessionEnded(ELIZABETH))
    assert {c.peer: c.show for c in store.contacts(ELIZABETH)} == {DARCY: Show.OFFLINE, JANE: Show.OFFLINE}


def test_presence_of_someone_not_listed_is_no_row_and_is_forgotten_with_them() -> None:
    stranger = BareJID.parse("wickham@meryton.lit").with_resource("x")
    store = store_of([e.PresenceChanged(ELIZABETH, stranger, Presence())])
    assert store.contacts(ELIZABETH) == ()
    store.apply(e.PresenceChanged(ELIZABETH, stranger, None))
    assert store._accounts[ELIZABETH].peers == {}


def test_a_new_roster_drops_who_is_gone_unless_a_conversation_is_open() -> None:
    store = store_of([ROSTER, e.MessageReceived(ELIZABETH, incoming("a", peer=JANE))])
    store.apply(e.RosterReplaced(ELIZABETH, (), "v2"))
    (contact,) = store.contacts(ELIZABETH)
    assert contact.peer == JANE
    assert not contact.is_in_roster
    assert contact.title == str(JANE)


def test_unread_counts_by_contact_and_account_and_the_line_stays_until_answered() -> None:
    store = store_of([ROSTER, *(e.MessageReceived(ELIZABETH, incoming(k, minute=i)) for i, k in enumerate("abc"))])
    view = store.conversation(ELIZABETH, DARCY)
    account = store.account(ELIZABETH)
    assert account is not None
    assert (view.unread, view.first_unread, account.unread) == (3, "a", 3)
    store.apply(e.ConversationRead(ELIZABETH, DARCY))
    view = store.conversation(ELIZABETH, DARCY)
    account = store.account(ELIZABETH)
    assert account is not None
    assert (view.unread, view.first_unread, account.unread) == (0, "a", 0)
    store.apply(e.MessageQueued(ELIZABETH, outgoing("d", minute=9)))
    assert store.conversation(ELIZABETH, DARCY).first_unread is None


def test_a_repeated_message_counts_once() -> None:
    store = store_of([e.MessageReceived(ELIZABETH, incoming("a"))])
    assert store.apply(e.MessageReceived(ELIZABETH, incoming("a"))) == ()
    assert store.conversation(ELIZABETH, DARCY).unread == 1


def test_closing_lets_the_messages_go_and_keeps_count_and_draft() -> None:
    store = store_of(
        [
            e.MessageReceived(ELIZABETH, incoming("a")),
            e.DraftChanged(ELIZABETH, DARCY, "I was"),
            e.ConversationClosed(ELIZABETH, DARCY),
        ]
    )
    view = store.conversation(ELIZABETH, DARCY)
    assert (view.messages, view.unread, view.draft, view.is_loaded) == ((), 1, "I was", False)


def test_c_sub_02_a_request_repeated_at_login_stays_one_with_its_first_time() -> None:
    first = SubscriptionRequest(ELIZABETH, JANE, NOON)
    store = store_of([e.SubscriptionRequested(ELIZABETH, first)])
    later = SubscriptionRequest(ELIZABETH, JANE, NOON.replace(hour=18), text="again")
    assert RequestsChanged(ELIZABETH) in store.apply(e.SubscriptionRequested(ELIZABETH, later))
    (request,) = store.requests()
    assert (request.at, request.text) == (NOON, "again")
    store.apply(e.SubscriptionRequestSettled(ELIZABETH, JANE))
    assert store.requests() == ()


def test_prompts_are_held_until_settled() -> None:
    prompt = Prompt(ELIZABETH, PromptKind.PASSWORD, "The password was refused.")
    store = store_of([e.PromptRaised(ELIZABETH, prompt)])
    account = store.account(ELIZABETH)
    assert account is not None
    assert account.prompts == (prompt,)
    store.apply(e.PromptSettled(ELIZABETH, PromptKind.PASSWORD))
    account = store.account(ELIZABETH)
    assert account is not None
    assert account.prompts == ()


def test_blocking_marks_exactly_the_listed() -> None:
    store = store_of([ROSTER, e.BlockListReplaced(ELIZABETH, frozenset({DARCY}))])
    store.apply(e.BlockListReplaced(ELIZABETH, frozenset({JANE})))
    assert {c.peer: c.is_blocked for c in store.contacts(ELIZABETH)} == {DARCY: False, JANE: True}


def test_conversations_come_latest_first() -> None:
    store = store_of(
        [
            e.MessageReceived(ELIZABETH, incoming("a", minute=1)),
            e.MessageReceived(ELIZABETH, incoming("b", minute=2, peer=JANE)),
        ]
    )
    assert store.conversations() == ((ELIZABETH, JANE), (ELIZABETH, DARCY))


def test_the_last_message_is_known_from_what_comes_and_from_what_is_read_of_the_archive() -> None:
    store = store_of([ROSTER, e.MessageReceived(ELIZABETH, incoming("a")), e.MessageQueued(ELIZABETH, outgoing("b"))])
    store.apply(e.DeliveryChanged(ELIZABETH, DARCY, "b", Delivery.SENT, NOON))
    last = store.last_message(ELIZABETH, DARCY)
    assert last is not None
    assert (last.key, last.delivery) == ("b", Delivery.SENT)
    store.apply(e.ConversationSummarised(ELIZABETH, JANE, 0, None, NOON))
    assert store.last_message(ELIZABETH, JANE) is None
    found = replace(incoming("c"), peer=JANE)
    assert store.apply(e.LastMessagesRead(ELIZABETH, (incoming("a"), found))) == (ConversationChanged(ELIZABETH, JANE),)
    assert store.last_message(ELIZABETH, JANE) == found
    store.apply(e.MessageDiscarded(ELIZABETH, DARCY, "b"))
    assert store.last_message(ELIZABETH, DARCY) is None


def test_a_delivery_changes_the_message_it_names() -> None:
    store = store_of([e.MessageQueued(ELIZABETH, outgoing("a"))])
    changes = store.apply(e.DeliveryChanged(ELIZABETH, DARCY, "a", Delivery.SENT, NOON))
    assert changes == (ConversationChanged(ELIZABETH, DARCY),)
    assert store.conversation(ELIZABETH, DARCY).messages[0].delivery is Delivery.SENT


def test_every_fact_has_a_handler() -> None:
    from tui_xmpp.core.conversations import HANDLERS
    from tui_xmpp.core.store import _HANDLERS

    facts = {t for t in vars(e).values() if isinstance(t, type) and issubclass(t, e.Event) and t is not e.Event}
    on_disk_only = {e.ArchivePageReceived, e.ArchiveHeld, e.DisplayedElsewhere, e.ConversationMarkedUnread}
    handled_otherwise = {e.AccountAdded, e.AuthenticationPinned, e.CertificatePinned} | on_disk_only
    # What only the disk keeps, for the next run: the session's own state, and what software was proved to do.
    handled_otherwise |= {e.SessionOpened, e.SessionClosed, e.StanzasHandled, e.MessagePlaced, e.StanzasAcknowledged}
    handled_otherwise.add(e.CapabilitiesProved)
    assert facts - handled_otherwise == set(_HANDLERS) | set(HANDLERS)
    assert not set(_HANDLERS) & set(HANDLERS)


def test_what_a_blocked_person_asked_waits_until_they_are_blocked_no_more() -> None:
    request = SubscriptionRequest(ELIZABETH, DARCY, NOON)
    store = store_of([e.SubscriptionRequested(ELIZABETH, request)])
    changes = store.apply(e.BlockListReplaced(ELIZABETH, frozenset({DARCY})))
    assert store.requests() == ()
    assert RequestsChanged(ELIZABETH) in changes
    assert RequestsChanged(ELIZABETH) in store.apply(e.BlockListReplaced(ELIZABETH, frozenset()))
    assert store.requests() == (request,)
