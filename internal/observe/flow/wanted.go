package flow

import (
	"bytes"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/handsel-tls/handsel/internal/observe/packet"
	"github.com/handsel-tls/handsel/internal/observe/tcp"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
)

// ports are those on which TLS begins at once: https, its usual second one, smtps,
// ldaps, dot, ftps, imaps, pop3s, sips, ircs.
var ports = []uint16{443, 8443, 465, 636, 853, 990, 993, 995, 5061, 6697}

// upgrades are the preambles that end with a client's wish for TLS.
var upgrades = []string{"smtp", "imap", "pop3", "ftp", "xmpp"}

// mostFarewell is how many bytes a client says after a refused STARTTLS that does
// not go on without TLS.
const mostFarewell = 24

// wanted finds out whether a connection without TLS should have had it.
func (k *conn) wanted(c *tcp.Conn) {
	s, said := k.story, &k.finder.said
	client := said[trace.Client-1]
	s.First = *said
	for _, word := range []string{"STARTTLS", "STLS", "AUTH TLS", "AUTH SSL"} {
		if i := bytes.LastIndex(bytes.ToUpper(client), []byte(word)); i >= 0 && len(client)-i-len(word) <= mostFarewell {
			k.preambles()
			s.Wanted = len(s.Preamble) > 0 && slices.Contains(upgrades, s.Preamble[len(s.Preamble)-1].Kind)
			return
		}
	}
	if slices.ContainsFunc(refusals, func(r refusal) bool { return r(client, said[trace.Server-1]) }) {
		k.preambles()
		s.Wanted = true
		return
	}
	if bytes.HasPrefix(client, []byte("CONNECT ")) && bytes.HasPrefix(said[trace.Server-1], []byte("HTTP/1.")) {
		status := said[trace.Server-1][len("HTTP/1."):]
		s.Wanted = len(status) > 3 && status[2] != '2'
		return
	}
	s.Wanted = slices.Contains(ports, c.Server.Port()) && (len(client) > 0 && (!c.Guessed && !s.Holed || isText(client)) || refused(c) || unopened(c))
}

// isText reports whether bytes begin a line, and so are what a client says first, also
// if the capture does not show that it was: the middle of something encrypted is none.
func isText(b []byte) bool {
	const enough = 8
	return len(b) >= enough && !slices.ContainsFunc(b[:enough], func(c byte) bool { return c < ' ' || c > '~' })
}

// A refusal reports whether a server has said no to the wish for TLS, and the client
// left it at that.
type refusal func(client, server []byte) bool

var refusals = []refusal{
	func(client, server []byte) bool { // PostgreSQL's SSLRequest
		return bytes.Equal(client, []byte{0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f}) && bytes.Equal(server, []byte("N"))
	},
	func(client, server []byte) bool { // RFC 6120, section 5.4.2.2
		i := bytes.LastIndex(client, []byte("<starttls"))
		if i < 0 || !bytes.Contains(server, []byte("<failure")) {
			return false
		}
		rest := client[i:]
		end := bytes.IndexByte(rest, '>') + 1
		rest = bytes.TrimSpace(bytes.TrimPrefix(rest[end:], []byte("</starttls>")))
		return len(rest) == 0 || bytes.Equal(rest, []byte("</stream:stream>"))
	},
	func(client, server []byte) bool { // RFC 4511, sections 4.12 and 4.14
		const oid, most = "1.3.6.1.4.1.1466.20037", 8 // an UnbindRequest may follow
		i := bytes.LastIndex(client, []byte(oid))
		return i >= 0 && len(client)-i-len(oid) <= most && resultOf(server) > 0
	},
}

// resultOf gives the result code of the last LDAP message if it is an
// ExtendedResponse, 0 if it is a success or something else.
func resultOf(b []byte) (code int) {
	const sequence, response = asn1.Tag(0x30), asn1.Tag(0x78)
	for s := cryptobyte.String(b); len(s) > 0; {
		var m, r cryptobyte.String
		var id int64
		if !s.ReadASN1(&m, sequence) || !m.ReadASN1Integer(&id) {
			return 0
		}
		code = 0
		if m.ReadASN1(&r, response) && !r.ReadASN1Enum(&code) {
			return 0
		}
	}
	return code
}

// refused reports whether the SYN was answered with RST.
func refused(c *tcp.Conn) bool {
	return c.End.How == tcp.Reset && c.End.By == trace.Server && !acknowledged(c) && asked(c)
}

// unopened reports whether the SYN was not answered.
func unopened(c *tcp.Conn) bool {
	return c.Of(trace.Server).Segments == 0 && asked(c) && c.Of(trace.Client).Segments > 1
}

func asked(c *tcp.Conn) bool {
	return len(c.Opening) > 0 && c.Opening[0].From == trace.Client && c.Opening[0].Flags&packet.SYN != 0
}

func acknowledged(c *tcp.Conn) bool {
	for _, o := range c.Opening {
		if o.From == trace.Server && o.Flags&packet.SYN != 0 {
			return true
		}
	}
	return false
}
