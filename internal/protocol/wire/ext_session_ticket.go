package wire

import "github.com/handsel-tls/handsel/internal/protocol/iana"

// AppendSessionTicket appends session_ticket: the body is the ticket itself,
// without a length of its own, and empty to ask for one. RFC 5077, section 3.2.
func AppendSessionTicket(b, ticket []byte) []byte {
	return AppendExtension(b, iana.ExtSessionTicket, ticket)
}
