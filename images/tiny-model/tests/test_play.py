import random

from task_app.actions import ACTIONS
from task_app.tool import MAX_ACTIONS

from tiny_model.play import PLAYER_TURNS, Player, random_turns

HISTORY = "Previous tool calls (most recent first):\n"


def test_players_differ_in_nothing_but_the_length_of_their_calls() -> None:
    rng = random.Random(0)
    players = [Player.draw(rng) for _ in range(400)]
    assert {player.length for player in players} == set(range(1, MAX_ACTIONS + 1))
    played = [player.actions(rng) for player in players]
    assert [len(actions) for actions in played] == [player.length for player in players]
    counts = [sum(actions.count(name) for actions in played) for name in ACTIONS]
    assert max(counts) < 2 * min(counts)


def test_a_turn_names_the_player_whose_calls_it_shows_and_nobody_where_it_shows_none() -> None:
    turns = list(random_turns(random.Random(0), worlds=2, turns=2 * PLAYER_TURNS))
    nobodys = 0
    for turn in turns:
        shown = turn.messages[1]["content"].split(HISTORY)[1].splitlines()
        if turn.player is None:
            assert shown == ["- none"]
            nobodys += 1
        else:
            assert {line.count('"') // 2 - 1 for line in shown} == {turn.player.length}
    assert 3 <= nobodys <= 4  # two worlds, two players each; a world may end early


def test_equal_seeds_play_equally() -> None:
    first, second = (list(random_turns(random.Random(3), worlds=1, turns=12)) for _ in range(2))
    assert first == second
    assert first != list(random_turns(random.Random(4), worlds=1, turns=12))
