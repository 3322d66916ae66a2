package explain

import (
	"fmt"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
)

// closedAfter weighs the end of a connection whose handshake was complete: curl
// looks at the name only then, and Node.js at the whole certificate.
func (v *view) closedAfter() {
	if by := v.renegotiated(); by != 0 {
		v.add("renegotiation-refused", 75, fmt.Sprintf("the %v began another handshake on the open connection, and the connection ended", by)).settle("the log of the other side")
		return
	}
	if v.is13() && v.Ended.By == trace.Server && v.cutShort() {
		v.add("client-certificate-missing", 74, "the client's first protected record is a Certificate message without a certificate, and the server said no more than a few bytes before it closed the connection").settle("the server's log", askKeys)
		return
	}
	if v.Ended.By != trace.Client && !v.alertedFirst() || v.carried() {
		return
	}
	tidy := v.Ended.How == ByCloseNotify
	said := "the client closed the connection right after the handshake, without having sent anything: "
	for _, f := range v.flaws() {
		switch {
		case f.id == "name-mismatch":
			v.add(f.id, 70, f.why, said+"curl looks at the name only then")
		case f.kind != "" && f.weight >= 60:
			v.add(f.id, 66, f.why, said+"Node.js and programs of NSS look at the certificate only then")
		}
	}
	if len(v.found) > 0 {
		return
	}
	const idle = "a client that only wanted to see whether the server answers does so, too"
	if !tidy {
		v.add("certificate-refused", 62, said+"Node.js looks at the certificate only then, and closes without close_notify").but(idle).settle(askClient)
	} else if len(v.chain(trace.Server)) == 0 && !v.Resumed && v.Seen == 0 {
		v.add("name-mismatch", 54, said+"curl looks at the name only then, and closes with close_notify").
			but(idle, "the certificate is encrypted: whether it is for "+v.host()+" does not show").settle(askClient, askServer, askKeys)
	}
}

// cutShort reports whether the client has shown an empty Certificate message, and the
// server's only answer was a short record.
func (v *view) cutShort() bool {
	first, answer := v.firstReply(), 0
	for i := range v.Said {
		s := &v.Said[i]
		if s.Encrypted && s.From == trace.Client {
			answer = -1
		} else if s.Encrypted && answer != 0 {
			if answer > 0 || len(s.Lengths) != 1 {
				return false
			}
			answer = s.Lengths[0]
		}
	}
	return first >= 25 && first < 53 && answer > 0 && answer <= 53
}

// alertedFirst reports whether the client said nothing after its Finished but an alert,
// whatever the server said to that. It is for versions up to TLS 1.2.
func (v *view) alertedFirst() bool {
	for i := len(v.Said) - 1; i >= 0 && !v.is13(); i-- {
		if s := &v.Said[i]; s.From == trace.Client {
			return s.Content == iana.ContentAlert
		}
	}
	return false
}

// renegotiated gives the side that has begun another handshake in TLS 1.2 or below:
// after its Finished it has sent another encrypted handshake message.
func (v *view) renegotiated() trace.Side {
	if v.is13() {
		return 0
	}
	var sent [2]int
	for i, s := range v.Said {
		if s.Content == iana.ContentHandshake && s.Encrypted {
			if sent[s.From-1]++; sent[s.From-1] > 1 && i >= len(v.Said)-3 { // and nothing came of it
				return s.From
			}
		}
	}
	return 0
}

// carried reports whether the client has sent application data.
func (v *view) carried() bool {
	records := 0
	for _, s := range v.Said {
		switch {
		case s.From != trace.Client || s.Content != iana.ContentApplicationData || s.Short:
		case !v.is13() || !s.Encrypted:
			return true
		default:
			records += len(s.Lengths)
		}
	}
	return records > 1 // more than its Finished
}
