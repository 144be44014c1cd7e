"""The screens and dialogs, each in its own file and imported when first opened."""
