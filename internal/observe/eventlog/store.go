package eventlog

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	_ "modernc.org/sqlite" // the driver
)

// FileName is the name of the log in the data folder.
const FileName = "events.db"

// keyFile is the name of the key for hashes, beside it.
const keyFile = "events.key"

// schema is for people with a program for SQLite as well: what one looks for has
// a column, the rest is JSON. Times are UTC and sort as text.
const schema = `
CREATE TABLE IF NOT EXISTS events (
  number      INTEGER PRIMARY KEY,
  change      INTEGER NOT NULL,
  time        TEXT NOT NULL,
  last        TEXT NOT NULL,
  count       INTEGER NOT NULL,
  id          INTEGER NOT NULL,
  level       INTEGER NOT NULL,
  class       TEXT NOT NULL,
  cause       TEXT NOT NULL,
  peer        TEXT NOT NULL,
  server_name TEXT NOT NULL,
  binding     TEXT NOT NULL,
  client      TEXT NOT NULL,
  computer    TEXT NOT NULL,
  message     TEXT NOT NULL,
  fields      TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS events_last ON events (last);
CREATE INDEX IF NOT EXISTS events_cause ON events (cause, last);
CREATE INDEX IF NOT EXISTS events_client ON events (client, last);
CREATE INDEX IF NOT EXISTS events_binding ON events (binding, last);
`

// version is that of the schema.
const version = 1

const timeLayout = "2006-01-02T15:04:05.000000Z"

func timeText(t time.Time) string { return t.UTC().Format(timeLayout) }

// A store is the file of a log.
type store struct {
	db   *sql.DB
	path string

	insert, update, reclass *sql.Stmt
	change                  int64 // the last one
	number                  int64
}

// cacheSize is how much of the file who writes it has in memory: 4 MiB.
const cacheSize = "cache_size(-4096)"

// connect opens a file of SQLite. One connection is enough for who writes.
func connect(path string, write bool) (*sql.DB, error) {
	q := url.Values{"_pragma": {"busy_timeout(5000)"}}
	if write {
		q["_pragma"] = append(q["_pragma"], "auto_vacuum(INCREMENTAL)", "journal_mode(WAL)", "synchronous(NORMAL)", "journal_size_limit(4194304)", "secure_delete(FAST)", cacheSize)
	} else {
		q.Set("mode", "ro")
		q["_pragma"] = append(q["_pragma"], "query_only(1)")
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if abs = filepath.ToSlash(abs); !strings.HasPrefix(abs, "/") {
		abs = "/" + abs // C:/...
	}
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Path: abs, RawQuery: q.Encode()}).String())
	if err == nil && write {
		db.SetMaxOpenConns(1)
	}
	return db, err
}

// openStore opens the file of a log to write, and makes it (0600) if there is
// none.
func openStore(path string) (*store, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	f.Close()
	db, err := connect(path, true)
	if err != nil {
		return nil, err
	}
	s := &store{db: db, path: path}
	if err := s.prepare(); err != nil {
		db.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

// openOrRenew is openStore for a server, which does not stay down because its log
// is damaged: that is put aside, and said.
func openOrRenew(path string) (*store, string, error) {
	s, err := openStore(path)
	if err == nil || !damaged(err) {
		return s, "", err
	}
	aside := fmt.Sprintf("%s.damaged-%s", path, time.Now().UTC().Format("20060102T150405"))
	if os.Rename(path, aside) != nil {
		return nil, "", err
	}
	for _, tail := range []string{"-wal", "-shm"} { // they belong to it
		os.Rename(path+tail, aside+tail)
	}
	s, again := openStore(path)
	return s, fmt.Sprintf("the event log could not be read and is now %s (%v)", aside, err), again
}

func damaged(err error) bool {
	text := err.Error()
	return strings.Contains(text, "malformed") || strings.Contains(text, "not a database") || strings.Contains(text, "no such column")
}

func (s *store) prepare() error {
	has, err := hasCounts(s.db)
	if err != nil {
		return err
	}
	statements := schema + fmt.Sprintf("PRAGMA user_version=%d;", version)
	if !has { // what is there already is sorted in memory
		statements = "PRAGMA cache_size=-65536;" + statements + countsSchema() + "PRAGMA " + cacheSize
	}
	if _, err := s.db.Exec(statements); err != nil {
		return err
	}
	err = s.db.QueryRow("SELECT coalesce(max(change),0), coalesce(max(number),0) FROM events").Scan(&s.change, &s.number)
	for _, p := range []struct {
		to  **sql.Stmt
		sql string
	}{
		{&s.insert, `INSERT INTO events (number,change,time,last,count,id,level,class,cause,peer,server_name,binding,client,computer,message,fields) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)`},
		{&s.update, `UPDATE events SET change=?, last=?, count=?, message=?, fields=? WHERE number=?`},
		{&s.reclass, `UPDATE events SET change=?, class=?, level=? WHERE peer=? AND last>=? AND class=? AND id<>?`},
	} {
		if err == nil {
			*p.to, err = s.db.Prepare(p.sql)
		}
	}
	return err
}

// write stores new folds and changed ones, all of them or none.
func (s *store) write(folds []*fold, mend []mending) error {
	if len(folds)+len(mend) == 0 {
		return nil
	}
	tx, err := s.db.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback()
	change, number := s.change, s.number
	insert, update, reclass := tx.Stmt(s.insert), tx.Stmt(s.update), tx.Stmt(s.reclass)
	for _, f := range folds {
		change++
		e := f.event
		fields, err := json.Marshal(&e.Fields)
		if err != nil {
			return err
		}
		if f.stored {
			_, err = update.Exec(change, timeText(e.Last), e.Count, e.compose(), string(fields), e.Number)
		} else {
			number++
			e.Number = number
			_, err = insert.Exec(e.Number, change, timeText(e.Time), timeText(e.Last), e.Count, int(e.ID), int(e.Level), e.Class.String(), e.Cause,
				e.Peer, e.ServerName, e.Binding, e.Client, e.Computer, e.compose(), string(fields))
		}
		if err != nil {
			return err
		}
	}
	for _, m := range mend {
		change++
		if _, err := reclass.Exec(change, m.class.String(), int(Information), m.peer, timeText(m.since), m.was.String(), int(AlertReceived)); err != nil {
			return err
		}
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	s.change, s.number = change, number
	for _, f := range folds {
		f.stored, f.dirty = true, false
	}
	return nil
}

// A mending is that a peer turned out to be somebody else than was thought.
type mending struct {
	peer       string // as it is stored
	was, class Class
	since      time.Time
}

// trim removes what is too old, and the oldest of what is too much. It removes
// some thousand events at most, and reports whether there is more to remove.
func (s *store) trim(before time.Time, mostBytes int64) (more bool, err error) {
	const portion = 4000
	if !before.IsZero() {
		r, err := s.db.Exec(`DELETE FROM events WHERE number IN (SELECT number FROM events WHERE last<? ORDER BY last LIMIT ?)`, timeText(before), portion)
		if err != nil {
			return false, err
		}
		n, _ := r.RowsAffected()
		more = n == portion
	}
	size, err := s.size()
	if err == nil && mostBytes > 0 && size > mostBytes {
		_, err = s.db.Exec(`DELETE FROM events WHERE number IN (SELECT number FROM events ORDER BY last LIMIT ?)`, portion)
		if after, sizeErr := s.size(); sizeErr == nil && after > mostBytes {
			more = after < size
		}
	}
	if err == nil {
		_, err = s.db.Exec(`PRAGMA incremental_vacuum`)
	}
	return more, err
}

// size is how many bytes the log holds.
func (s *store) size() (int64, error) {
	var pages, free, size int64
	err := s.db.QueryRow(`SELECT p.page_count, f.freelist_count, z.page_size FROM pragma_page_count p, pragma_freelist_count f, pragma_page_size z`).Scan(&pages, &free, &size)
	return (pages - free) * size, err
}

func (s *store) close() error { return s.db.Close() }

// A Reader reads a log that may be written at the same time. It is for one
// goroutine.
type Reader struct {
	db     *sql.DB
	hasher *hasher // nil: nothing was hashed
	counts bool    // it has counts
	seen   int64   // the latest change of all events that were given, or that were there before
}

// followed is how long ago an event that still grows has last happened, and more.
const followed = 2 * foldIdle

// ErrNoLog says that there is no log yet.
var ErrNoLog = errors.New("there is no event log")

// Read opens the log in a data folder to read it.
func Read(dir string) (*Reader, error) {
	path := filepath.Join(dir, FileName)
	if _, err := os.Stat(path); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%w in %s: handsel serve writes one", ErrNoLog, dir)
		}
		return nil, err
	}
	db, err := connect(path, false)
	if err != nil {
		return nil, err
	}
	r := &Reader{db: db}
	var v int
	if err := db.QueryRow("PRAGMA user_version").Scan(&v); err != nil {
		db.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if v > version {
		db.Close()
		return nil, fmt.Errorf("%s was written by a newer version of Handsel", path)
	}
	if r.counts, err = hasCounts(db); err != nil {
		db.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	// There is an index for last, and what Follow gives is no older.
	if err := db.QueryRow("SELECT coalesce(max(change),0) FROM events WHERE last>=?", timeText(time.Now().Add(-followed))).Scan(&r.seen); err != nil {
		db.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if key, err := os.ReadFile(filepath.Join(dir, keyFile)); err == nil {
		r.hasher = &hasher{key}
	}
	return r, nil
}

// Close closes the log.
func (r *Reader) Close() error { return r.db.Close() }
