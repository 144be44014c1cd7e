"""The demo's people and what they do: Elizabeth Bennet's account, the evening of the ball."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Final

from tui_xmpp.jid import BareJID
from tui_xmpp.loopback import DOMAIN, ELIZABETH, pep
from tui_xmpp.loopback.actors import Actor, Character, Refusal, Stage
from tui_xmpp.loopback.payloads import DISPLAYED, Delay, DisplayedHere, NodeItem, StanzaId
from tui_xmpp.loopback.realm import Realm
from tui_xmpp.loopback.roster import Contact
from tui_xmpp.loopback.schedule import Schedule
from tui_xmpp.loopback.subscriptions import Subscription
from tui_xmpp.values import dataclass
from tui_xmpp.xmpp.payload import encode
from tui_xmpp.xmpp.stanza import Body, Message, MessageType, Presence, PresenceType, Show, Status, Subject
from tui_xmpp.xmpp.stanza_errors import ErrorCondition

DOMAINS: Final = (
    DOMAIN,
    "pemberley.lit",
    "netherfield.lit",
    "lucaslodge.lit",
    "hunsford.lit",
    "rosings.lit",
    "meryton.lit",
)

DARCY: Final = Character(
    "darcy",
    BareJID.parse("darcy@pemberley.lit"),
    remarks=(
        "I had a reply ready an hour ago, and have just improved it out of existence.",
        "I shall consider this, and disagree with you by Thursday.",
        "Then we may at least compare our different opinions.",
        "I am told that I was abrupt at the assembly. I have since drafted a longer silence.",
        "My library holds a great many volumes, and not one of them answers as quickly as you do.",
        "I am at my best with people I know well, and had not planned on your becoming one of them.",
    ),
    answers=(
        "The present always occupies you in such scenes, does it?",
        "Yes. I have looked everywhere for a longer answer.",
        "I would rather be asked a second time, so that I may answer better.",
        "Certainly not before supper. Ask me again beside a window.",
    ),
    client="Pemberley Post",
    thinks_for=1.5,
    letters_a_second=22.0,
)
JANE: Final = Character(
    "jane",
    BareJID.parse(f"jane@{DOMAIN}"),
    remarks=(
        "I am sure it was kindly meant, Lizzy. Almost everything is, a little.",
        "Mama has asked twice whom you are writing to. I said the butcher.",
        "You are laughing at me, and I do not mind it in the least.",
        "I have your blue ribbon; you have my left glove. Shall we trade prisoners?",
        "Do write that to me again tomorrow, when I am less happy and need it more.",
    ),
    answers=(
        "I hardly know. Would it be very wicked to say yes and see what happens?",
        "Perhaps. Let us think the best of it until breakfast, and then think it again.",
        "Only if you promise not to tell Lydia.",
    ),
    client="Needle",
    delight="❤️",
)
BINGLEY: Final = Character(
    "bingley",
    BareJID.parse("bingley@netherfield.lit"),
    remarks=(
        "Capital! I agree with every word, and I shall agree again when I have read it properly.",
        "Forgive the blots: I write as I ride, quickly and into hedges.",
        "Darcy says I use too many exclamation marks! I told him he is welcome to mine!",
        "Whatever you decide, let there be soup.",
    ),
    answers=(
        "Yes! With all my heart! What was the question?",
        "I shall know in five minutes. Let us say yes meanwhile, and be surprised.",
        "Is your sister there? I ask for no reason at all.",
    ),
    client="Blot",
    delight="🎉",
    thinks_for=0.6,
    letters_a_second=60.0,
)
CHARLOTTE: Final = Character(
    "charlotte",
    BareJID.parse("charlotte@lucaslodge.lit"),
    remarks=(
        "Romance is very well, but a hen is there in the morning.",
        "You may think what you please, Eliza, so long as you think it over tea at my house.",
        "I have given Mr. Collins the front parlour. The view of the road keeps him usefully employed.",
        "Sensible of you. I shall tell nobody that you were.",
    ),
    answers=(
        "Ask me when the pork is salted. I am always wiser after the pork.",
        "Yes, if there is a fire. No, if there are sermons.",
    ),
    client="Parlour",
)
BENNET: Final = Character(
    "bennet",
    BareJID.parse(f"bennet@{DOMAIN}"),
    remarks=(
        "I am in my library, where I had hoped to find nobody, myself included.",
        "Your mother has an opinion on this. I heard it through two doors and a dictionary.",
        "Very well observed. Pray observe it again at dinner, when I shall need the entertainment.",
    ),
    answers=("An excellent question. I mean to keep it on the shelf beside the others.",),
    client="Quarto",
)
COLLINS: Final = Character(
    "collins",
    BareJID.parse("collins@hunsford.lit"),
    remarks=(
        "I am, with the humblest gratitude, and in three parts, of which this is the first, your obliged cousin. "
        "Lady Catherine herself has condescended to advise shelves in the closet.",
        "Allow me to enclose, for your leisure, the number of windows at Rosings, by floor.",
        "I shall take your silence for encouragement, and your words for modesty.",
    ),
    answers=("I had prepared an answer to this for another lady, and find that it fits you without alteration.",),
    client="Pulpit",
)
CAROLINE: Final = Character(
    "caroline",
    BareJID.parse("caroline@netherfield.lit"),
    remarks=("How very quaint.", "I was just telling everyone how very brown you have grown at your writing-desk."),
    client="Fan",
)
LYDIA: Final = Character("lydia", BareJID.parse(f"lydia@{DOMAIN}"), remarks=("La!",), client="Bonnet")
CATHERINE: Final = Character("catherine", BareJID.parse("catherine@rosings.lit"), approves_after=None)
HURST: Final = Character(
    "hurst",
    BareJID.parse("hurst@netherfield.lit"),
    refusal=Refusal(
        ErrorCondition.RECIPIENT_UNAVAILABLE,
        "Mr. Hurst is asleep on the sofa. Messages are returned until supper is announced.",
    ),
    client="Sofa",
)
GEORGIANA: Final = Character(
    "georgiana",
    BareJID.parse("georgiana@pemberley.lit"),
    remarks=(
        "Oh! Thank you for writing. I have read it twice.",
        "My brother smiled at the post today. We are all alarmed.",
    ),
    answers=("I should like that very much, if nobody listens.",),
    thanks="I am so glad you asked me.",
    client="Pianoforte",
)
WICKHAM: Final = Character(
    "wickham",
    BareJID.parse("wickham@meryton.lit"),
    remarks=(
        "I have no right to complain, and I shall now do so at some length.",
        "A red coat is a heavy thing to pay for. Have you, by chance, ten pounds?",
        "You alone understand me. I said so this morning to your aunt, and your sister, and the innkeeper.",
    ),
    answers=("I could tell you, but honour forbids it until the second glass.",),
    thanks="You are too good. I always said so, whoever was listening.",
    client="Epaulette",
)

# Whom Elizabeth knows: name, groups, and the subscription as seen from her and from them.
_KNOWN: Final[tuple[tuple[Character, str, str, Subscription, Subscription], ...]] = (
    (DARCY, "Darcy", "Friends", Subscription.BOTH, Subscription.BOTH),
    (CHARLOTTE, "Charlotte", "Friends", Subscription.BOTH, Subscription.BOTH),
    (BINGLEY, "Bingley", "Friends", Subscription.BOTH, Subscription.BOTH),
    (JANE, "Jane", "Family", Subscription.BOTH, Subscription.BOTH),
    (BENNET, "Papa", "Family", Subscription.BOTH, Subscription.BOTH),
    (LYDIA, "Lydia", "Family", Subscription.BOTH, Subscription.BOTH),
    (COLLINS, "Mr. Collins", "Neighbours", Subscription.FROM, Subscription.TO),
    (CAROLINE, "Caroline", "Neighbours", Subscription.TO, Subscription.FROM),
    (CATHERINE, "Lady Catherine", "Neighbours", Subscription.NONE_PENDING_OUT, Subscription.NONE_PENDING_IN),
    (HURST, "Mr. Hurst", "Neighbours", Subscription.BOTH, Subscription.BOTH),
)


@dataclass(frozen=True, slots=True)
class _Letter:
    """What waited for Elizabeth while she was away."""

    sender: Character
    ago: timedelta
    text: str
    subject: str | None = None


_WINDOWS: Final = tuple(
    f"The {room}, {side}: {panes} panes, of which Lady Catherine has condescended to mention {panes // 9}."
    for room, panes in (("hall", 64), ("breakfast room", 48), ("long gallery", 112), ("chapel", 27), ("closet", 9))
    for side in ("north", "east", "south", "west", "by moonlight")
)

_LETTERS: Final = (
    _Letter(
        JANE, timedelta(days=2, hours=3), "Netherfield is kind and the rain is not. I am to stay until I stop sneezing."
    ),
    _Letter(JANE, timedelta(days=2, hours=1), "Do not walk here, Lizzy. You are walking here, are you not?"),
    _Letter(
        COLLINS,
        timedelta(days=1, hours=9),
        "Dear cousin,\n\nI bring every civility that the carriage will hold, and have numbered them "
        "for your convenience.\n\nI propose to arrive on Monday, by four o'clock, and to admire the potatoes.",
        "An olive branch",
    ),
    _Letter(
        CHARLOTTE, timedelta(days=1, hours=2), "He looked at you through the whole of supper. I counted, for science."
    ),
    _Letter(CHARLOTTE, timedelta(days=1, hours=1, minutes=58), "Eleven times, not counting the jelly."),
    _Letter(
        BENNET,
        timedelta(hours=5),
        "> I must throw in a *good* word for my _little_ Lizzy\nSo I wrote to Mr. Bingley, and ~two~ one against the "
        "others. Your mother has it by heart.",
    ),
    _Letter(BENNET, timedelta(hours=4, minutes=59), "/me closes the library door, *both* bolts"),
    _Letter(
        BENNET,
        timedelta(hours=4, minutes=40),
        "Mary has put the rule of this room in a form that no visitor can misread:\n"
        "```python\n"
        "def may_enter(library: Room, visitor: Person) -> bool:\n"
        "    if visitor.is_selling or visitor.name == 'Collins':\n"
        "        return False  # least of all with a sermon\n"
        "    return visitor.volume < 20 and not library.has_fire_out\n"
        "```\n"
        "I had only `knock never`.",
    ),
    _Letter(
        BENNET,
        timedelta(hours=4, minutes=38),
        "The law, for those who like novels: https://meryton.lit/gazette/1811/november/property/entails/"
        "a-complaint-in-two-hundred-parts?reader=mama&part=17#smelling-salts",
    ),
    _Letter(
        BENNET, timedelta(hours=4, minutes=36), "https://share.longbourn.lit/4f1e0c/The%20entail%2C%20annotated.pdf"
    ),
    _Letter(
        BENNET,
        timedelta(hours=4, minutes=20),
        "Mr. Collins has sent his windows. I pass them on as I got them.\n"
        + "\n".join(f"{number}. {room}" for number, room in enumerate(_WINDOWS, 1)),
    ),
    _Letter(
        LYDIA, timedelta(hours=3), "officers!!! 💂🏻\u200d♂️💂🏽\u200d♂️ at the 🇬🇧 ball 💃🏽 and I have ❤️ for 1️⃣2️⃣ of them"
    ),
    _Letter(
        LYDIA,
        timedelta(hours=2, minutes=58),
        "papa says 本の虫 is japanese for papa and שלום is how one says good-bye in his big book, and Ἄρης was an "
        "officer",
    ),
    _Letter(DARCY, timedelta(minutes=26), "What think you of books?"),
)


class Cast:
    """The actors on their stage; the script starts when Elizabeth comes online."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.darcy = Actor(stage, DARCY, "library")
        self.darcy_travelling = Actor(stage, DARCY, "carriage")
        self.jane = Actor(stage, JANE, "parlour")
        self.bingley = Actor(stage, BINGLEY, "ballroom")
        self.charlotte = Actor(stage, CHARLOTTE, "kitchen")
        self.bennet = Actor(stage, BENNET, "study")
        self.collins = Actor(stage, COLLINS, "garden")
        self.caroline = Actor(stage, CAROLINE, "drawing-room")
        self.lydia = Actor(stage, LYDIA, "anywhere")
        self.catherine = Actor(stage, CATHERINE, "throne")
        self.hurst = Actor(stage, HURST, "sofa")
        self.georgiana = Actor(stage, GEORGIANA, "music-room")
        self.wickham = Actor(stage, WICKHAM, "barracks")
        self._has_begun = False

    async def play_until(self, mark: str) -> None:
        """Let the story go on until ``mark``, e.g. "darcy answered"; see ``Stage``."""
        await self.stage.play_until(mark)

    async def wait_for(self, mark: str) -> None:
        """Wait for what the user's client brings about, e.g. "darcy heard"; the story stands still."""
        await self.stage.wait_for(mark)

    def step(self) -> bool:
        """Let one thing happen; tell whether anything was left."""
        return self.stage.schedule.step()

    def take_places(self) -> None:
        """Put everyone where they are when the curtain rises."""
        self.stage.on_mark = self._on_mark
        self.darcy.come_online("reading, or holding a book", priority=5)
        self.darcy_travelling.come_online(show=Show.XA, priority=-1)
        self.jane.come_online("thinking well of everybody")
        self.charlotte.come_online("settling the poultry", show=Show.CHAT)
        self.bennet.come_online("in my library; knock never", show=Show.DND)
        self.collins.come_online("considering shelves")
        self.caroline.come_online("taking a turn about the room", show=Show.AWAY)
        self.catherine.come_online()
        self.hurst.come_online("zzz", show=Show.XA)
        self.georgiana.come_online("practising")
        self.wickham.come_online()
        self.lydia.come_online()
        self.lydia.leave("gone to Meryton with the last of the money")

    def _on_mark(self, mark: str) -> None:
        if mark == f"jane saw {ELIZABETH}" and not self._has_begun:
            self._has_begun = True
            self._begin()

    def _begin(self) -> None:
        moment = 0.0
        for pause, act in self._script():
            moment += pause
            self.stage.after(moment, act)

    def _script(self) -> tuple[tuple[float, Callable[[], None]], ...]:
        """Return what happens unasked, each after a pause in seconds."""
        return (
            (3, lambda: self.bingley.come_online("back at Netherfield, and delighted with everything")),
            (4, lambda: self.darcy.come_online("at the ball", show=Show.AWAY, priority=5)),
            (
                3,
                lambda: self.jane.type_and_write(
                    ELIZABETH, "Lizzy! He is come back. I am perfectly calm. I have dropped the teapot."
                ),
            ),
            (9, lambda: self.wickham.ask(ELIZABETH, "We met at Mrs. Phillips's.")),
            (6, lambda: self.bingley.come_online("dancing", show=Show.DND)),
            (
                4,
                lambda: self.darcy.type_and_write(
                    ELIZABETH, "I ask only because you have been looking at the shelves, and not at the company."
                ),
            ),
            (10, self.announce),
            (12, lambda: self.charlotte.come_online("asleep, sensibly", show=Show.XA)),
            (20, lambda: self.bingley.come_online("out of breath and out of soup")),
            (30, lambda: self.lydia.come_online("officers!!!", show=Show.CHAT)),
            (6, lambda: self.lydia.type_and_write(ELIZABETH, "Lend me your bonnet. I have it on already.")),
            (12, lambda: self.read_elsewhere(LYDIA)),
            (28, lambda: self.caroline.leave("too tired for country manners")),
        )

    def read_elsewhere(self, character: Character) -> None:
        """Let another device of Elizabeth's have shown all that a character wrote (XEP-0490)."""
        realm = self.stage.realm
        account = realm.account(ELIZABETH)
        last = next((entry.id for entry in reversed(account.archive) if entry.peer == character.jid), None)
        if last is not None:
            item = NodeItem(str(character.jid), (encode(DisplayedHere(StanzaId(last, ELIZABETH))),))
            pep.publish_item(realm, account, DISPLAYED, item)
        self.stage.mark("elizabeth read elsewhere")

    def announce(self) -> None:
        """Send the server's headline to everybody online at home."""
        headline = Message(ELIZABETH, BareJID(None, DOMAIN), self.stage.realm.new_id(), type=MessageType.HEADLINE)
        told = headline.with_payloads(
            Subject("The assembly at Meryton"),
            Body("Tuesday at eight. Carriages at midnight; gentlemen who do not dance will be spoken of."),
        )
        self.stage.realm.later(lambda: self.stage.realm.route(told))
        self.stage.mark("the server announced")


def make_cast(realm: Realm, schedule: Schedule, random: Random) -> Cast:
    """Fill ``realm`` (of at least ``DOMAINS``) with the people, Elizabeth's roster and her waiting letters."""
    account = realm.add_account(ELIZABETH)
    cast = Cast(Stage(realm, schedule, random))
    for character, name, group, hers, theirs in _KNOWN:
        account.roster.keep(Contact(character.jid, hers, name, (group,), is_listed=True))
        other = realm.account(character.jid)
        other.roster.keep(Contact(ELIZABETH, theirs, "Elizabeth", is_listed=not theirs.is_asked))
        if theirs.is_asked:
            request = Presence(character.jid, ELIZABETH, realm.new_id(), type=PresenceType.SUBSCRIBE)
            other.requests[ELIZABETH] = request.with_payloads(Status("Your ladyship once asked my age."))
    now = realm.clock.now()
    for letter in _LETTERS:
        kind = MessageType.CHAT if letter.subject is None else MessageType.NORMAL
        sender = letter.sender.jid
        message = Message(ELIZABETH, sender.with_resource("desk"), realm.new_id(), type=kind)
        parts: list[object] = [] if letter.subject is None else [Subject(letter.subject)]
        parts += [Body(letter.text), Delay(now - letter.ago, BareJID(None, DOMAIN))]
        account.waiting.append(message.with_payloads(*parts))
    cast.take_places()
    return cast
