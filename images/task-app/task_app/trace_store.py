"""The trace database: sessions, events, messages and rewards of every rollout in one SQLite file."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from .record import RolloutRecord
from .traces import session_trace

_SCHEMA = """
CREATE TABLE IF NOT EXISTS session_traces (
  id INTEGER PRIMARY KEY, session_id TEXT NOT NULL, created_at TEXT NOT NULL, metadata TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS events (
  id INTEGER PRIMARY KEY, session INTEGER NOT NULL REFERENCES session_traces(id), turn_number INTEGER NOT NULL,
  event_type TEXT NOT NULL, event_time REAL NOT NULL, payload TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS messages (
  id INTEGER PRIMARY KEY, session INTEGER NOT NULL REFERENCES session_traces(id), turn_number INTEGER NOT NULL,
  message_type TEXT NOT NULL, event_time REAL NOT NULL, content TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS event_rewards (
  id INTEGER PRIMARY KEY, session INTEGER NOT NULL REFERENCES session_traces(id), turn_number INTEGER NOT NULL,
  reward_type TEXT NOT NULL, reward_value REAL NOT NULL, annotation TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS outcome_rewards (
  id INTEGER PRIMARY KEY, session INTEGER NOT NULL REFERENCES session_traces(id), total_reward INTEGER NOT NULL,
  achievements_count INTEGER NOT NULL, total_steps INTEGER NOT NULL);
"""
BUSY_TIMEOUT_S = 30


class TraceStore:
    """Appends rollouts. A connection a rollout: the file may be shared with other writers."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def add(self, record: RolloutRecord) -> None:
        """Write one rollout in one transaction. Raises OSError if the file can't be written."""
        trace = session_trace(record)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with closing(sqlite3.connect(self._path, timeout=BUSY_TIMEOUT_S)) as connection, connection:
                connection.executescript(_SCHEMA)
                session = connection.execute(
                    "INSERT INTO session_traces (session_id, created_at, metadata) VALUES (?, ?, ?)",
                    (trace["session_id"], trace["created_at"], json.dumps(trace["metadata"])),
                ).lastrowid
                connection.executemany(
                    "INSERT INTO events (session, turn_number, event_type, event_time, payload) VALUES (?, ?, ?, ?, ?)",
                    [
                        (session, e["metadata"]["turn"], e["event_type"], e["time_record"]["event_time"], json.dumps(e))
                        for e in trace["event_history"]
                    ],
                )
                connection.executemany(
                    "INSERT INTO messages (session, turn_number, message_type, event_time, content)"
                    " VALUES (?, ?, ?, ?, ?)",
                    [
                        (
                            session,
                            m["metadata"]["turn"],
                            m["message_type"],
                            m["time_record"]["event_time"],
                            m["content"],
                        )
                        for m in trace["markov_blanket_message_history"]
                    ],
                )
                self._add_rewards(connection, session, record)
        except sqlite3.Error as error:
            raise OSError(f"{self._path}: {error}") from error

    @staticmethod
    def _add_rewards(connection: sqlite3.Connection, session: int | None, record: RolloutRecord) -> None:
        rows = []
        for turn in record.turns:
            rewards = turn.decision_rewards
            if rewards is None:
                continue
            rows.append((session, turn.index, "achievement_delta", rewards["ach_delta"], rewards["all"]))
            if rewards["unique_delta"]:
                unique = rewards["unique"]
                rows.append((session, turn.index, "unique_achievement_delta", rewards["unique_delta"], unique))
        connection.executemany(
            "INSERT INTO event_rewards (session, turn_number, reward_type, reward_value, annotation)"
            " VALUES (?, ?, ?, ?, ?)",
            [(*row[:4], json.dumps({"achievements": row[4]})) for row in rows],
        )
        connection.execute(
            "INSERT INTO outcome_rewards (session, total_reward, achievements_count, total_steps) VALUES (?, ?, ?, ?)",
            (session, int(record.total_reward), len(record.episode.observation.unlocked), len(record.turns)),
        )
