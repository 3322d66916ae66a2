package flow

import (
	"crypto/rsa"
	"slices"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/prf"
	"github.com/handsel-tls/handsel/internal/protocol/record"
	"github.com/handsel-tls/handsel/internal/protocol/schedule"
	"github.com/handsel-tls/handsel/internal/protocol/suite"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
)

// mostFailures is how many records of a side in a row may withstand the keys
// before no more are tried: those of a rejected early data, or all after a gap.
const mostFailures = 256

// Agreed is what the two hellos say, and the keys of records are made of.
type Agreed struct {
	Version                    iana.Version
	Suite                      iana.Suite
	ClientRandom, ServerRandom [32]byte
	EtM                        bool   // encrypt_then_mac (RFC 7366)
	SessionID                  string // of the ServerHello
	Ticket                     string // with which a session is resumed; empty: there is none
	NewTicket                  string // that the server has given
	// SessionHash is the transcript up to the ClientKeyExchange if
	// extended_master_secret was agreed. It counts if only the premaster secret is
	// known. RFC 7627, section 4.
	SessionHash []byte
	// Exchange is the premaster secret as RSA has encrypted it in the
	// ClientKeyExchange, without the length before it.
	Exchange []byte
}

// Keys are the secrets that an observer was given.
type Keys struct {
	Log *KeyLog
	RSA []*rsa.PrivateKey // of servers: for suites with static RSA
}

// master gives the master secret of TLS 1.2 and below, nil if it is not known.
func (k *Keys) master(a *Agreed, p *suite.Params) []byte {
	if m := k.Log.secret(&a.ClientRandom, masterSecret); len(m) == prf.MasterLen {
		return m
	}
	if m := k.Log.session(a.SessionID); len(m) == prf.MasterLen {
		return m
	}
	if m := k.Log.session(byTicket(a.Ticket)); a.Ticket != "" && m != nil {
		return m
	}
	premaster := k.premaster(a, p)
	if premaster == nil {
		return nil
	}
	f := prf.Of(a.Version, p.Hash)
	m := f.Master(premaster, a.ClientRandom[:], a.ServerRandom[:])
	if len(a.SessionHash) > 0 {
		m = f.ExtendedMaster(premaster, a.SessionHash)
	}
	return m[:]
}

// remember keeps the master secret for the connections that resume the session.
func (k *Keys) remember(a *Agreed, master []byte) {
	if a.SessionID != "" {
		k.Log.learn(a.SessionID, master)
	}
	if a.NewTicket != "" {
		k.Log.learn(byTicket(a.NewTicket), master)
	}
}

// byTicket is under which name the secret of a ticket is kept: longer than any
// session ID.
func byTicket(ticket string) string { return "the session of the ticket that begins here: " + ticket }

// premaster gives the premaster secret from the key log, or what one of the
// private keys decrypts it to. An observer answers nobody, so that nobody learns
// from it whether the padding was right (RFC 5246, section 7.4.7.1).
func (k *Keys) premaster(a *Agreed, p *suite.Params) []byte {
	if secret := k.Log.secret(&a.ClientRandom, premasterSecret); secret != nil {
		return secret
	}
	if p.KeyExchange != suite.RSA || len(a.Exchange) == 0 {
		return nil
	}
	if secret := k.Log.premaster(a.Exchange); secret != nil {
		return secret
	}
	for _, key := range k.RSA {
		if len(a.Exchange) != key.Size() {
			continue
		}
		if secret, err := key.Decrypt(nil, a.Exchange, nil); err == nil && len(secret) == prf.MasterLen {
			return secret
		}
	}
	return nil
}

// paramsOf gives what protects the records of a suite. An anonymous one does it as
// one with RSA; package suite has no anonymous ones.
func paramsOf(id iana.Suite) (suite.Params, bool) {
	as, anonymous := anonymousAs[id]
	if !anonymous {
		return suite.Of(id)
	}
	p, ok := suite.Of(as)
	p.ID, p.KeyExchange, p.Auth = id, suite.Separate, suite.NoKey
	return p, ok
}

var anonymousAs = map[iana.Suite]iana.Suite{
	iana.TLS_DH_anon_WITH_RC4_128_MD5:        iana.TLS_RSA_WITH_RC4_128_MD5,
	iana.TLS_DH_anon_WITH_3DES_EDE_CBC_SHA:   iana.TLS_RSA_WITH_3DES_EDE_CBC_SHA,
	iana.TLS_DH_anon_WITH_AES_128_CBC_SHA:    iana.TLS_RSA_WITH_AES_128_CBC_SHA,
	iana.TLS_DH_anon_WITH_AES_256_CBC_SHA:    iana.TLS_RSA_WITH_AES_256_CBC_SHA,
	iana.TLS_DH_anon_WITH_AES_128_CBC_SHA256: iana.TLS_RSA_WITH_AES_128_CBC_SHA256,
	iana.TLS_DH_anon_WITH_AES_256_CBC_SHA256: iana.TLS_RSA_WITH_AES_256_CBC_SHA256,
	iana.TLS_DH_anon_WITH_AES_128_GCM_SHA256: iana.TLS_RSA_WITH_AES_128_GCM_SHA256,
	iana.TLS_DH_anon_WITH_AES_256_GCM_SHA384: iana.TLS_RSA_WITH_AES_256_GCM_SHA384,
	iana.TLS_ECDH_anon_WITH_RC4_128_SHA:      iana.TLS_RSA_WITH_RC4_128_SHA,
	iana.TLS_ECDH_anon_WITH_3DES_EDE_CBC_SHA: iana.TLS_RSA_WITH_3DES_EDE_CBC_SHA,
	iana.TLS_ECDH_anon_WITH_AES_128_CBC_SHA:  iana.TLS_RSA_WITH_AES_128_CBC_SHA,
	iana.TLS_ECDH_anon_WITH_AES_256_CBC_SHA:  iana.TLS_RSA_WITH_AES_256_CBC_SHA,
}

// phase is how far a side of TLS 1.3 has come.
type phase uint8

const (
	clear phase = iota
	early
	handshake
	application
)

// secretOf gives the secret of a side in a phase; there is no early one of a
// server.
var secretOf = [...][application + 1]label{
	trace.Client: {early: clientEarly, handshake: clientHandshake, application: clientTraffic},
	trace.Server: {handshake: serverHandshake, application: serverTraffic},
}

// An Unlocker takes the protection off the records of one side. In TLS 1.3 it
// finds out by itself when the side has gone on to its next keys: a record that
// the present ones do not open is tried with those that follow, and a wrong key
// opens nothing.
type Unlocker struct {
	keys     *Keys
	from     trace.Side
	agreed   Agreed
	offered  []iana.Suite // by the client: one of them is that of early data
	open     record.Opener
	phase    phase
	traffic  schedule.Secret
	suite    iana.Suite // that goes with it
	failures int
	missed   int // how many records may have been lost since the last that was opened
	buf      []byte
}

// NewUnlocker begins with a ClientHello: its random, and the suites it offers.
func NewUnlocker(from trace.Side, keys *Keys, random [32]byte, offered []iana.Suite) *Unlocker {
	u := &Unlocker{keys: keys, from: from, offered: offered13(offered)}
	u.agreed.ClientRandom = random
	return u
}

// Agree takes what was agreed on. What is under way goes on until a
// ChangeCipherSpec, or a record of TLS 1.3 with other keys.
func (u *Unlocker) Agree(a Agreed) {
	if isDraft(a.Version) && a.Version >= lastDrafts {
		a.Version = iana.TLS13
	}
	u.agreed, u.failures = a, 0
}

// lastDrafts are those that protect records as TLS 1.3 does: from draft 25 on, the
// header is authenticated.
const lastDrafts iana.Version = 0x7f19

// ChangeCipherSpec changes the keys in TLS 1.2 and below, and reports whether they
// are known. If not, nothing more of this side can be opened.
func (u *Unlocker) ChangeCipherSpec() bool {
	if u.agreed.Version >= iana.TLS13 {
		return false
	}
	u.open, u.phase, u.failures = record.Opener{}, clear, 0
	p, ok := paramsOf(u.agreed.Suite)
	if !ok {
		return false
	}
	master := u.keys.master(&u.agreed, &p)
	if master == nil {
		return false
	}
	u.keys.remember(&u.agreed, master)
	rules := record.RulesOf(u.agreed.Version)
	block := make([]byte, record.BlockLen(p, rules))
	prf.Of(u.agreed.Version, p.Hash).KeyBlock(block, master, u.agreed.ClientRandom[:], u.agreed.ServerRandom[:])
	client, server := record.KeysBlock(p, block, u.agreed.EtM, rules)
	if u.from == trace.Server {
		client = server
	}
	return u.open.Install(&client) == nil
}

// Open gives what a protected record holds. content is left as it is; what comes
// back is good until the next call.
func (u *Unlocker) Open(head RecordHeader, content []byte) (iana.ContentType, []byte, bool) {
	if u.failures >= mostFailures {
		return 0, nil, false
	}
	if u.open.Protected() {
		was := u.open
		if ct, plain, err := u.open.Open(u.whole(head, content)); err == nil {
			u.failures, u.missed = 0, 0
			return ct, plain, true
		}
		if ct, plain, ok := u.later(was, head, content); ok {
			u.failures, u.missed = 0, 0
			return ct, plain, true
		}
		if u.phase != clear || u.missed > 0 { // the record may be of the next keys, or be no record at all
			u.open = was
		}
	}
	if head.Content == iana.ContentApplicationData && (u.agreed.Version == 0 || u.agreed.Version == iana.TLS13) {
		if ct, plain, ok := u.next(head, content); ok {
			u.failures, u.missed = 0, 0
			return ct, plain, true
		}
	}
	u.failures++
	return 0, nil, false
}

// Missed notes that bytes of the side are lost. How many records they were is not
// known: the next one is tried with the sequence numbers that it may have.
func (u *Unlocker) Missed(bytes int64) {
	u.missed = int(min(int64(u.missed)+bytes/leastSealed+2, mostMissed))
}

const (
	// leastSealed is how long a record is at least: its header and a tag.
	leastSealed = headerLen + 16
	// mostMissed is how many sequence numbers are tried.
	mostMissed = 512
)

// later tries a record with the sequence numbers that follow that of open, as far as
// records may have been lost. It finds what has an AEAD or an explicit IV; in TLS 1.0
// and with RC4 a record is opened with what came before it.
func (u *Unlocker) later(open record.Opener, head RecordHeader, content []byte) (iana.ContentType, []byte, bool) {
	for range u.missed {
		open.Skip()
		next := open
		if ct, plain, err := next.Open(u.whole(head, content)); err == nil {
			u.open = next
			return ct, plain, true
		}
	}
	return 0, nil, false
}

// whole copies a record with its header, because it is opened in place.
func (u *Unlocker) whole(head RecordHeader, content []byte) []byte {
	v, n := head.Version, len(content)
	u.buf = append(u.buf[:0], byte(head.Content), byte(v>>8), byte(v), byte(n>>8), byte(n))
	u.buf = append(u.buf, content...)
	return u.buf
}

// next tries a record with the keys that follow. RFC 9846, sections 7.2 and 7.3.
func (u *Unlocker) next(head RecordHeader, content []byte) (iana.ContentType, []byte, bool) {
	if u.phase == application {
		return u.try(application, u.suite, u.traffic.NextTraffic(), head, content)
	}
	for p := u.phase + 1; p <= application; p++ {
		if p == early && u.from == trace.Server {
			continue
		}
		suites := []iana.Suite{u.agreed.Suite}
		if p == early { // it goes by the suite of its session, which is not said
			suites = u.offered
		} else if u.agreed.Version == 0 {
			break
		}
		secret := u.keys.Log.secret(&u.agreed.ClientRandom, secretOf[u.from][p])
		if secret == nil {
			continue
		}
		for _, id := range suites {
			params, ok := suite.Of(id)
			if !ok || params.MinVersion != iana.TLS13 || params.Hash.Size() != len(secret) {
				continue
			}
			if ct, plain, ok := u.try(p, id, schedule.NewSecret(params.Hash, secret), head, content); ok {
				return ct, plain, true
			}
		}
	}
	return 0, nil, false
}

// try opens a record with a secret, and goes on with it if that succeeds.
func (u *Unlocker) try(p phase, id iana.Suite, s schedule.Secret, head RecordHeader, content []byte) (iana.ContentType, []byte, bool) {
	var open record.Opener
	keys := record.Keys13(id, s)
	if open.Install(&keys) != nil {
		return 0, nil, false
	}
	first := open
	ct, plain, err := open.Open(u.whole(head, content))
	if err == nil {
		u.open = open
	} else {
		var ok bool
		if ct, plain, ok = u.later(first, head, content); !ok {
			return 0, nil, false
		}
	}
	u.phase, u.suite, u.traffic = p, id, s
	return ct, plain, true
}

// offered13 gives a copy of the suites that early data may go by: those of TLS 1.3.
func offered13(all []iana.Suite) []iana.Suite {
	return slices.DeleteFunc(slices.Clone(all), func(id iana.Suite) bool {
		p, ok := suite.Of(id)
		return !ok || p.MinVersion != iana.TLS13
	})
}
