"""What every reader of contactless cards does alike, whatever chip or library it stands on."""
