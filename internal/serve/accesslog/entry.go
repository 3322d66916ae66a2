package accesslog

import (
	"encoding/json"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// An Entry is a request that was answered. It holds nothing of its headers but
// what is named here, and nothing of its body.
type Entry struct {
	Time       time.Time // when it came
	Duration   time.Duration
	Connection string // its ID, as in the record of its handshake; empty without TLS
	Version    string // of TLS; empty without
	Peer       string // address and port
	Client     string // subject of its certificate; empty: it has shown none
	Host       string
	Method     string
	Path       string // as it was sent, without the query
	Query      string
	Proto      string // such as HTTP/2.0
	Status     int    // 0: none was sent
	Bytes      int64  // of the answer, without its header
	Broken     bool   // the answer was broken off
	Site       string
	Backend    string // that the request was passed on to
	Agent      string
	Referer    string
}

// asJSON is an Entry as it is written.
type asJSON struct {
	Time         string  `json:"time"`
	Connection   string  `json:"connection,omitempty"`
	Version      string  `json:"version,omitempty"`
	Peer         string  `json:"peer,omitempty"`
	Client       string  `json:"client,omitempty"`
	Host         string  `json:"host"`
	Method       string  `json:"method"`
	Path         string  `json:"path"`
	Query        string  `json:"query,omitempty"`
	Proto        string  `json:"proto"`
	Status       int     `json:"status"`
	Bytes        int64   `json:"bytes"`
	Milliseconds float64 `json:"milliseconds"`
	Broken       bool    `json:"broken,omitempty"`
	Site         string  `json:"site,omitempty"`
	Backend      string  `json:"backend,omitempty"`
	Agent        string  `json:"user_agent,omitempty"`
	Referer      string  `json:"referer,omitempty"`
}

// line writes an entry, with the end of its line.
func (e *Entry) line(s *Settings) []byte {
	own := *e
	if !s.Query {
		own.Query, own.Referer = "", withoutQuery(e.Referer)
	}
	if s.NoAddress {
		own.Peer = ""
	}
	if s.Combined {
		return own.combined()
	}
	text, err := json.Marshal(asJSON{
		own.Time.UTC().Format("2006-01-02T15:04:05.000Z"), own.Connection, own.Version, own.Peer, own.Client, own.Host, own.Method, own.Path, own.Query, own.Proto,
		own.Status, own.Bytes, float64(own.Duration.Microseconds()) / 1000, own.Broken, own.Site, own.Backend, own.Agent, own.Referer,
	})
	if err != nil {
		return fmt.Appendf(nil, "{%q:%q}\n", "error", err)
	}
	return append(text, '\n')
}

// combined writes the line of Apache's LogFormat "combined", and behind it the
// ID of the connection.
func (e *Entry) combined() []byte {
	host, _, err := net.SplitHostPort(e.Peer)
	if err != nil {
		host = e.Peer
	}
	target := e.Path
	if e.Query != "" {
		target += "?" + e.Query
	}
	bytes := "-"
	if e.Bytes > 0 {
		bytes = strconv.FormatInt(e.Bytes, 10)
	}
	return fmt.Appendf(nil, "%s - %s [%s] \"%s %s %s\" %03d %s \"%s\" \"%s\" %s\n", dash(escape(host)), dash(strings.ReplaceAll(escape(e.Client), " ", `\x20`)),
		e.Time.Format("02/Jan/2006:15:04:05 -0700"), escape(e.Method), escape(target), escape(e.Proto), e.Status, bytes,
		dash(escape(e.Referer)), dash(escape(e.Agent)), dash(e.Connection))
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// escape writes what would end a field or a line as \xhh.
func escape(s string) string {
	if strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r > '~' || r == '"' || r == '\\' }) < 0 {
		return s
	}
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			fmt.Fprintf(&b, `\x%02x`, c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// withoutQuery takes out of the address of a page what may be secret.
func withoutQuery(address string) string {
	if address == "" {
		return ""
	}
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	return u.String()
}
