import Storage

/// The tables of task-aggregator. What is known of tasks is a projection: it may be deleted, and
/// comes back by use.
let aggregatorMigrations: [Migration] = [
    Migration(
        number: 1, name: "last known rows and counts, news",
        statements: [
            // A task is in one view: the row of a decided one takes the place of the pending one.
            """
            CREATE TABLE known_tasks (
                unit_id TEXT NOT NULL,
                task_id TEXT NOT NULL,
                source TEXT NOT NULL,
                is_pending INTEGER NOT NULL CHECK (is_pending IN (0, 1)),
                sort_ms INTEGER NOT NULL,
                body BLOB NOT NULL,
                PRIMARY KEY (unit_id, task_id)
            ) STRICT
            """,
            """
            CREATE INDEX known_tasks_list
            ON known_tasks (unit_id, source, is_pending, sort_ms, task_id)
            """,
            """
            CREATE TABLE known_counts (
                unit_id TEXT NOT NULL,
                source TEXT NOT NULL,
                view INTEGER NOT NULL CHECK (view BETWEEN 0 AND 2),
                body BLOB NOT NULL,
                PRIMARY KEY (unit_id, source, view)
            ) STRICT
            """,
            """
            CREATE TABLE news (
                id TEXT NOT NULL PRIMARY KEY,
                title TEXT NOT NULL CHECK (length(title) BETWEEN 1 AND 100),
                body TEXT NOT NULL,
                published_ms INTEGER NOT NULL
            ) STRICT
            """,
            "CREATE INDEX news_list ON news (published_ms, id)",
        ]),
    Migration(
        number: 2, name: "notifications, what waits",
        statements: [
            // A notification has a row in each mailbox that it is in.
            """
            CREATE TABLE notifications (
                mailbox TEXT NOT NULL,
                at_ms INTEGER NOT NULL,
                id TEXT NOT NULL,
                event TEXT NOT NULL,
                object_id TEXT NOT NULL,
                title TEXT NOT NULL,
                text TEXT NOT NULL,
                PRIMARY KEY (mailbox, at_ms, id)
            ) STRICT
            """,
            """
            CREATE TABLE notification_reads (
                person_id TEXT NOT NULL,
                at_ms INTEGER NOT NULL,
                id TEXT NOT NULL,
                PRIMARY KEY (person_id, at_ms, id)
            ) STRICT
            """,
            """
            CREATE TABLE open_tasks (
                task_id TEXT NOT NULL PRIMARY KEY,
                desk_kind INTEGER NOT NULL,
                desk_id TEXT NOT NULL,
                region TEXT NOT NULL,
                kind_label TEXT NOT NULL,
                object_id TEXT NOT NULL,
                title TEXT NOT NULL,
                applicant_id TEXT NOT NULL,
                applicant_name TEXT NOT NULL,
                sort_ms INTEGER NOT NULL,
                is_told INTEGER NOT NULL CHECK (is_told IN (0, 1))
            ) STRICT
            """,
            "CREATE INDEX open_tasks_untold ON open_tasks (sort_ms, task_id) WHERE is_told = 0",
        ]),
    Migration(
        number: 3, name: "saved filters, reminders",
        statements: [
            """
            CREATE TABLE saved_filters (
                person_id TEXT NOT NULL,
                name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 50),
                body BLOB NOT NULL,
                PRIMARY KEY (person_id, name)
            ) STRICT
            """,
            // The day of a waiting task's last reminder.
            """
            CREATE TABLE reminders (
                task_id TEXT NOT NULL PRIMARY KEY,
                day TEXT NOT NULL
            ) STRICT
            """,
        ]),
    Migration(
        number: 4, name: "live updates",
        statements: [
            """
            CREATE TABLE task_changes (
                mailbox TEXT NOT NULL,
                sequence INTEGER NOT NULL,
                body BLOB NOT NULL,
                PRIMARY KEY (mailbox, sequence)
            ) STRICT
            """,
            """
            CREATE TABLE task_change_head (
                only INTEGER NOT NULL PRIMARY KEY CHECK (only = 1),
                sequence INTEGER NOT NULL
            ) STRICT
            """,
            "INSERT INTO task_change_head (only, sequence) VALUES (1, 1)",
        ]),
    Migration(
        number: 5, name: "when last known rows were last seen",
        statements: [
            // A row for each unit of which something is known, with the day when that was last seen.
            """
            CREATE TABLE known_units (
                unit_id TEXT NOT NULL PRIMARY KEY,
                seen_day TEXT NOT NULL
            ) STRICT
            """,
            "CREATE INDEX known_units_age ON known_units (seen_day)",
            // What was known before goes on the first day, unless it is seen first.
            """
            INSERT INTO known_units (unit_id, seen_day)
            SELECT unit_id, '' FROM known_tasks UNION SELECT unit_id, '' FROM known_counts
            """,
        ]),
]
