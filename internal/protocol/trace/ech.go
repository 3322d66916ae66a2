package trace

// ECHStatus is what became of Encrypted Client Hello in a handshake. RFC 9849.
type ECHStatus uint8

const (
	// ECHNotOffered: the ClientHello has no encrypted_client_hello.
	ECHNotOffered ECHStatus = iota
	// ECHGrease: this side, a client, sent an extension that means nothing.
	ECHGrease
	// ECHOffered: the server has not said whether it accepts it.
	ECHOffered
	// ECHIgnored: this side, a server, has no keys for it.
	ECHIgnored
	// ECHDisallowed: a program wanted the ClientHelloOuter to be answered.
	ECHDisallowed
	// ECHRejected: the ClientHelloOuter was answered. What the client sent may
	// have been an extension that means nothing.
	ECHRejected
	// ECHAccepted: the ClientHelloInner was answered.
	ECHAccepted
	// ECHBackend: the ClientHelloInner came from the server that decrypted it.
	ECHBackend
)

var echStatuses = [...]string{"", "grease", "offered", "ignored", "disallowed", "rejected", "accepted", "backend"}

// String gives one word, empty if it was not offered.
func (s ECHStatus) String() string { return echStatuses[s] }
