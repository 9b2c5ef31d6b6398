from sgn_sciml.system.terminal import printable


def test_control_characters_do_not_reach_a_terminal():
    assert printable("a\x1b[2Jb\x9b\u202ec\nd\te") == "a?[2Jb??c\nd e"
