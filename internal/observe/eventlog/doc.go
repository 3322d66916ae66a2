// Package eventlog keeps what an operator will want to know of handshakes that
// are over: those that failed, and those that succeeded in a way worth a word.
// It is written to an SQLite file, which handsel log and every other program
// that knows SQLite can read while it is written.
//
// A handshake never waits for the log: Tell puts it into a queue, and a
// goroutine of the log asks it to describe itself, tells people from scanners,
// folds what comes again and again into one event with a count, and writes. What
// does not fit into the queue is counted, and the count is an event too.
//
// The log holds no random, no session, no ticket and no key share: see Redact.
// Names and addresses of peers are kept, hashed or left out, as the operator
// wants it.
package eventlog
