"""The screens. Nothing else imports textual; nothing here talks DAP."""
