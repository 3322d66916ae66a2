// Package flow finds TLS in the streams of TCP connections and tells each
// connection's story: what either side said, message by message, and how it
// ended. It reads with package wire and never with the engine: an observer that
// needs the engine would inherit its mistakes.
package flow

import (
	"github.com/handsel-tls/handsel/internal/observe/tcp"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
)

// A Story is what was seen of one connection.
type Story struct {
	TCP      *tcp.Conn
	TLS      bool        // TLS or SSL was found
	Midway   bool        // the capture begins behind the hellos
	Holed    bool        // bytes of the handshake were not captured
	QUIC     string      // the version of QUIC that carries it; empty: TCP does
	Wanted   bool        // it was not, and one side wanted it: the port is one of TLS, or the other side refused STARTTLS
	Preamble []Preamble  // what came before it
	First    [2][]byte   // by trace.Side-1: how a side begins that does not speak TLS, up to 512 bytes
	Started  int64       // time of the first byte of TLS
	Messages []*Message  // of both sides, on one clock
	Data     [2]DataSeen // application data, by trace.Side-1
	Carried  []Carried   // application data that was decrypted, as far as the options say

	// What the two have agreed on, as far as it can be seen.
	Version    iana.Version // 0: it did not come to it
	Suite      iana.Suite
	Group      iana.Group
	ServerName string
	ALPN       string // also if only the key log shows it
	Resumed    Known
	EarlyData  Known
	ClientAuth Known // the client has shown a certificate
	Complete   Known // both Finished came
	Retried    bool
	ECH        bool // encrypted_client_hello was offered, other than as GREASE where that can be told
	Keys       bool // a key log or private key has opened what is encrypted

	JA3, JA3S, JA4 string

	Notes []Note // what is odd, lost or inferred
	Ended Ending

	memory memory // of Messages
}

// Known is what can be said of a question that encryption may hide.
type Known uint8

const (
	Unknown Known = iota
	No
	Yes
	Probably // inferred: a Note says from what
)

// A Preamble is what came before TLS on the connection.
type Preamble struct {
	Kind   string // "http-connect", "proxy-v1", "proxy-v2", "smtp", "imap", "pop3", "ftp", "irc", "ldap", "xmpp", "postgres", "mysql", "socks5"
	Detail string // for example the host that CONNECT names
}

// Carried is application data of one record.
type Carried struct {
	From  trace.Side
	Time  int64
	Frame int
	Data  []byte
}

// DataSeen counts application data.
type DataSeen struct {
	Records int
	Bytes   int64 // as on the wire, or as it was before encryption if Plain
	Plain   bool
}

// A Message is a handshake message, an alert, a ChangeCipherSpec, or a run of
// application data.
type Message struct {
	From    trace.Side
	Content iana.ContentType
	Type    iana.HandshakeType // of a handshake message that can be read
	SSL2    bool               // a message of SSL 2.0, or the ClientHello in its format; Type says nothing then
	Name    string             // "ClientHello", "HelloRetryRequest", "Alert", "Encrypted Handshake Message", ...

	Time    int64 // of its last byte
	Frames  []int // that carried it
	Segs    []int // how many bytes of its records each of Frames brought
	Offset  int64 // of its first byte in the stream of its side
	Records []RecordHeader

	// Raw is the message with its header of 4 bytes, or an alert's 2 bytes; nil
	// if it is encrypted and there are no keys, or if it is application data.
	// It is kept up to a limit; Length is the whole.
	Raw        []byte
	Length     int
	Encrypted  bool   // on the wire
	Opened     bool   // it was decrypted: Raw is what was within
	Inferred   string // what an encrypted one must be, and from what; empty: nothing is inferred
	Count      int    // records of a run of application data, else 1
	Lengths    []int  // of the first records of a run in a handshake of TLS 1.3
	Broken     error  // where it stopped making sense: a *wire.Error where that is known
	Cut        bool   // the stream ended or was lost within it: Raw is its beginning
	Uncaptured bool   // with Cut: it was not said in part, but captured in part

	// Most messages came in one frame and one record: these are theirs.
	frame, seg [1]int
	record     [1]RecordHeader
}

// A RecordHeader is that of a record that carried a message, or a part of one.
type RecordHeader struct {
	Content iana.ContentType
	Version iana.Version
	Length  int
	Offset  int64 // in the stream of its side
}

// A Note is something odd about a connection.
type Note struct {
	Time  int64
	Frame int
	From  trace.Side // 0: both or neither
	Code  string     // stable, for machines: "retransmission", "gap", "not-tls", "inferred-alert", ...
	Text  string     // for people
}

// An Ending is how the TLS connection ended.
type Ending struct {
	How   string     // "close_notify", "alert", "fin", "rst", "silence", "open"
	By    trace.Side // 0: it is not known, or the capture ends
	Alert iana.Alert
	Fatal bool
	Known bool // the alert was read, not inferred
	Frame int
	Time  int64
}
