"""Contents of files of pictures and sounds, beyond what one call of a library reads."""
