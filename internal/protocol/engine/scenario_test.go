package engine_test

import (
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/policy"
	"github.com/handsel-tls/handsel/internal/protocol/session"
	"github.com/handsel-tls/handsel/internal/protocol/sign"
	"github.com/handsel-tls/handsel/internal/tlstest"
)

// A scenario is a handshake that succeeds. Together they walk every way
// through every machine.
type scenario struct {
	name  string
	hosts func(t *testing.T) (client, server *tlstest.Host)
}

// hosts13 and hosts12 give hosts with changes.
func hosts13(kind string, change ...func(client, server *tlstest.Host)) func(*testing.T) (c, s *tlstest.Host) {
	return changed(iana.TLS13, kind, change)
}

func hosts12(kind string, change ...func(client, server *tlstest.Host)) func(*testing.T) (c, s *tlstest.Host) {
	return changed(iana.TLS12, kind, change)
}

func changed(v iana.Version, kind string, change []func(client, server *tlstest.Host)) func(*testing.T) (c, s *tlstest.Host) {
	return func(*testing.T) (client, server *tlstest.Host) {
		client, server = hostsOf(v, kind)
		for _, f := range change {
			f(client, server)
		}
		return client, server
	}
}

// again makes one handshake and gives the hosts for one that resumes it. late
// changes them before that.
func again(hosts func(*testing.T) (c, s *tlstest.Host), late ...func(client, server *tlstest.Host)) func(*testing.T) (c, s *tlstest.Host) {
	return func(t *testing.T) (client, server *tlstest.Host) {
		client, server = hosts(t)
		server.Sessions = session.NewCache(1)
		p := run(t, client, server, 0)
		keep(server, p)
		client.Config.Session = sessionOf(t, p)
		for _, f := range late {
			f(client, server)
		}
		return client, server
	}
}

// What a scenario changes.
var (
	asks = func(client, server *tlstest.Host) {
		client.Config.AskApproval, server.Config.AskApproval, server.Config.AskSettings = true, true, true
	}
	wantsClient = func(client, server *tlstest.Host) {
		client.Credential = tlstest.Credentials()["P-256"]
		server.Config.ClientAuth = handshake.RequireClientAuth
	}
	reverifies = func(client, server *tlstest.Host) {
		client.Config.Reverify, server.Config.Reverify = true, true
	}
	wouldLikeClient = func(_, server *tlstest.Host) { server.Config.ClientAuth = handshake.RequestClientAuth }
	noTickets       = func(_, server *tlstest.Host) { server.Config.Tickets = nil }
	otherTickets    = func(_, server *tlstest.Host) { server.Config.Tickets = new(session.Keys) }
	sessionIDs      = func(_, server *tlstest.Host) { server.Config.Tickets, server.Config.SessionIDs = nil, true }
	rsaOnly         = func(client, _ *tlstest.Host) {
		client.Config.Policy = only(iana.TLS12, iana.TLS_RSA_WITH_AES_128_GCM_SHA256, iana.X25519)
	}
	retry = func(client, server *tlstest.Host) {
		client.Config.Policy = with(client.Config.Policy, func(p *policy.Policy) {
			p.Groups = []iana.Group{iana.X25519, iana.Secp256r1}
		})
		server.Config.Policy = with(server.Config.Policy, func(p *policy.Policy) { p.Groups = []iana.Group{iana.Secp256r1} })
	}
	twoKeys  = func(_, server *tlstest.Host) { server.Config.Tickets.Set([][32]byte{{2}, {1}}) }
	oneKey   = func(_, server *tlstest.Host) { server.Config.Tickets.Set([][32]byte{{1}}) }
	encrypts = func(client, server *tlstest.Host) {
		withECH(client, server)
		server.Config.AskECHKeys, server.ECHKeys = true, server.Config.ECH
	}
	plainOld = oldSuite(iana.TLS_PSK_WITH_AES_128_GCM_SHA256)
	groupOld = oldSuite(iana.TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256)
	tryLater = []byte{0x30, 3, 0x0a, 1, 3} // the shortest OCSP response that others can read too (RFC 6960, section 4.2.1)
	stapled  = func(_, server *tlstest.Host) {
		c := server.Credential
		s, err := sign.NewCredential(c.Chain, nil, c.Key, sign.Extra{OCSPStaple: tryLater, SCTs: [][]byte{make([]byte, 47)}})
		if err != nil {
			panic(err)
		}
		server.Credential = s
	}
)

var scenarios = []scenario{
	{"TLS 1.3", hosts13("P-256")},
	{"TLS 1.3, everything asked", hosts13("P-256", asks, wantsClient, stapled)},
	{"TLS 1.3, compressed certificates", hosts13("P-256", wantsClient, compressed)},
	{"TLS 1.3, compressed certificate", hosts13("P-256", compressed)},
	{"TLS 1.3, encrypted hello", hosts13("P-256", encrypts)},
	{"TLS 1.3, encrypted hello, everything asked", hosts13("P-256", encrypts, asks, wantsClient)},
	{"TLS 1.3, approval", hosts13("P-256", asks)},
	{"TLS 1.3, no client certificate", hosts13("P-256", wouldLikeClient)},
	{"TLS 1.3, retry", hosts13("P-256", retry)},
	{"TLS 1.3, retry with a session", again(hosts13("P-256"), retry)},
	{"TLS 1.3, retry and a session of no use", again(hosts13("P-256"), otherTickets, retry)},
	{"TLS 1.3, resumed", again(hosts13("P-256"))},
	{"TLS 1.3, resumed and verified again", again(hosts13("P-256", wantsClient, reverifies))},
	{"TLS 1.3, a session of no use", again(hosts13("P-256"), otherTickets)},
	{"TLS 1.3, early data", again(hosts13("P-256", early))},
	{"TLS 1.3, early data and verified again", again(hosts13("P-256", early, wantsClient, reverifies))},
	{"TLS 1.3, early data without a register", again(hosts13("P-256", early), func(_, server *tlstest.Host) { server.Register = nil })},
	{"TLS 1.3, pre-shared key", hosts13("P-256", shared)},
	{"TLS 1.3, pre-shared key asked for", hosts13("P-256", shared, asksPSKs)},
	{"TLS 1.3, pre-shared key asked for and unknown", hosts13("P-256", shared, asksPSKs, func(_, server *tlstest.Host) { server.PSKs = nil })},
	{"TLS 1.3, pre-shared key and retry", hosts13("P-256", shared, retry)},
	{"TLS 1.3, pre-shared key asked for and retry", hosts13("P-256", shared, asksPSKs, noTickets, retry)},
	{"TLS 1.3, pre-shared key without tickets", hosts13("P-256", shared, noTickets)},
	{"TLS 1.3, pre-shared key without tickets, and retry", hosts13("P-256", shared, noTickets, retry)},
	{"TLS 1.3, pre-shared key asked for, without tickets", hosts13("P-256", shared, asksPSKs, noTickets)},

	{"TLS 1.2, pre-shared key", hosts12("P-256", plainOld)},
	{"TLS 1.2, pre-shared key without tickets", hosts12("P-256", plainOld, noTickets)},
	{"TLS 1.2, pre-shared key with a hint", hosts12("P-256", plainOld, hinted)},
	{"TLS 1.2, pre-shared key with a hint, approval", hosts12("P-256", plainOld, hinted, asks)},
	{"TLS 1.2, pre-shared key, approval", hosts12("P-256", plainOld, asks)},
	{"TLS 1.2, pre-shared key asked for", hosts12("P-256", plainOld, asksPSKs)},
	{"TLS 1.2, pre-shared key and a group", hosts12("P-256", groupOld)},
	{"TLS 1.2, pre-shared key and a group, without tickets", hosts12("P-256", groupOld, noTickets)},
	{"TLS 1.2, pre-shared key and a session of no use", again(hosts12("P-256", plainOld), otherTickets)},
	{"TLS 1.2, pre-shared key and a session", again(hosts12("P-256", plainOld))},

	{"TLS 1.2", hosts12("P-256")},
	{"TLS 1.2, everything asked", hosts12("P-256", asks, wantsClient, stapled)},
	{"TLS 1.2, approval", hosts12("P-256", asks)},
	{"TLS 1.2, approval, no tickets", hosts12("P-256", asks, noTickets)},
	{"TLS 1.2, approval", hosts12("P-256", asks)},
	{"TLS 1.2, approval, no tickets", hosts12("P-256", asks, noTickets)},
	{"TLS 1.2, no tickets", hosts12("P-256", noTickets)},
	{"TLS 1.2, no tickets, client certificate", hosts12("P-256", noTickets, wantsClient)},
	{"TLS 1.2, no client certificate", hosts12("P-256", wouldLikeClient)},
	{"TLS 1.2, no tickets, no client certificate", hosts12("P-256", noTickets, wouldLikeClient)},
	{"TLS 1.2, stapled", hosts12("P-256", stapled)},
	{"TLS 1.2, RSA key exchange", hosts12("RSA-2048", rsaOnly)},
	{"TLS 1.2, RSA key exchange, stapled", hosts12("RSA-2048", rsaOnly, stapled)},
	{"TLS 1.2, RSA key exchange, client certificate", hosts12("RSA-2048", rsaOnly, wantsClient)},
	{"TLS 1.2, resumed by ticket", again(hosts12("P-256"))},
	{"TLS 1.2, resumed with approval", again(hosts12("P-256", asks))},
	{"TLS 1.2, resumed with a new ticket", again(hosts12("P-256", oneKey), twoKeys)},
	{"TLS 1.2, resumed by session ID", again(hosts12("P-256", sessionIDs))},
	{"TLS 1.2, resumed and verified again", again(hosts12("P-256", wantsClient, reverifies))},
	{"TLS 1.2, resumed with a new ticket and verified again", again(hosts12("P-256", oneKey, wantsClient, reverifies), twoKeys)},
	{"TLS 1.2, a session of no use", again(hosts12("P-256"), otherTickets)},
}
