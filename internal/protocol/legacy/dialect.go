// Package legacy has the machines of TLS 1.2 and below, client and server: RFC
// 5246, RFC 4346, RFC 2246, RFC 6101. What differs between the versions is one
// value, the dialect, so that older versions are values and not branches.
package legacy

import (
	"crypto"
	"crypto/hmac"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/negotiate"
	"github.com/handsel-tls/handsel/internal/protocol/prf"
	"github.com/handsel-tls/handsel/internal/protocol/record"
	"github.com/handsel-tls/handsel/internal/protocol/schedule"
	"github.com/handsel-tls/handsel/internal/protocol/sign"
	"github.com/handsel-tls/handsel/internal/protocol/suite"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// A dialect is what a version does in its own way.
type dialect struct {
	version iana.Version
	schemes bool                              // signatures name their scheme in the message
	records record.Rules                      // how records are protected
	hash    func(schedule.Hash) schedule.Hash // of the transcript, given that of the suite
	prf     func(schedule.Hash) prf.Function  // given the hash of the suite

	bare    bool // the encrypted premaster secret has no length before it
	noBlock bool // hellos have no extensions, but for renegotiation_info
	alerts  bool // a client without a certificate says so with an alert

	finished    func(c *common, server bool) [prf.MaxFinishedLen]byte
	finishedLen uint8                // bytes
	proof       func(*common) []byte // what a CertificateVerify signs
	proofScheme iana.SignatureScheme // with which it is signed, if the message names none

	// What the end of a server's random says if it knows a version from newer
	// on. RFC 9846, section 4.2.3.
	downgrade string
	newer     iana.Version
}

var dialects = [...]dialect{
	{
		version: iana.TLS12, schemes: true, hash: ofSuite, prf: prf.TLS12, downgrade: "DOWNGRD\x01", newer: iana.TLS13,
		finished: finishedPRF, finishedLen: prf.FinishedLen, proof: messages,
	}, {
		version: iana.TLS11, hash: md5sha1, prf: prf.TLS10, downgrade: "DOWNGRD\x00", newer: iana.TLS12,
		finished: finishedPRF, finishedLen: prf.FinishedLen, proof: messages,
	}, {
		version: iana.TLS10, hash: md5sha1, prf: prf.TLS10, downgrade: "DOWNGRD\x00", newer: iana.TLS12,
		finished: finishedPRF, finishedLen: prf.FinishedLen, proof: messages, records: record.RulesOf(iana.TLS10),
	}, {
		version: iana.SSL30, hash: md5sha1, prf: prf.SSL30, downgrade: "DOWNGRD\x00", newer: iana.TLS12,
		finished: finished30, finishedLen: prf.MaxFinishedLen, proof: digest30, proofScheme: sign.Digested,
		records: record.RulesOf(iana.SSL30), bare: true, noBlock: true, alerts: true,
	},
}

func ofSuite(h schedule.Hash) schedule.Hash { return h }
func md5sha1(schedule.Hash) schedule.Hash   { return schedule.MD5SHA1 }

func dialectOf(v iana.Version) *dialect {
	for i := range dialects {
		if dialects[i].version == v {
			return &dialects[i]
		}
	}
	return nil
}

// common is what both sides of a handshake have.
type common struct {
	*handshake.Core
	dialect *dialect
	suite   suite.Params
	method  *method
	prf     prf.Function
	keyed   prf.Keyed // with the master secret, until both Finished are made

	resumed  bool
	ems, etm bool
	ticket   bool // the server will send a NewSessionTicket
	client   record.Keys
	server   record.Keys
}

// begin chooses the dialect.
func (c *common) begin() error {
	if c.dialect = dialectOf(c.Done.Version); c.dialect == nil {
		return fault.With(fault.Internal, "%v is not implemented", c.Done.Version)
	}
	c.Done.Legacy = new(handshake.Legacy)
	return nil
}

// useSuite starts the transcript with the suite's hash. The ClientHello, which
// came before, is its first message.
func (c *common) useSuite(p suite.Params) {
	c.suite, c.Done.Suite = p, p.ID
	c.method = &methods[p.KeyExchange]
	c.prf = c.dialect.prf(p.Hash)
	c.Transcript.Start(c.dialect.hash(p.Hash))
}

// keepsEtM refuses a renegotiation that falls back from encrypt_then_mac. RFC
// 7366, section 3.1.
func (c *common) keepsEtM() error {
	if c.Before != nil && c.Before.EtM && !c.etm && c.suite.CBC() {
		return fault.RenegotiationEtM
	}
	return nil
}

// deriveMaster gives the master secret. RFC 5246, section 8.1; RFC 7627,
// section 4.
func (c *common) deriveMaster(premaster []byte) {
	var hash [48]byte
	if c.ems {
		c.Done.Master = c.prf.ExtendedMaster(premaster, c.Transcript.Sum(hash[:0]))
	} else {
		c.Done.Master = c.prf.Master(premaster, c.Done.ClientRandom[:], c.Done.ServerRandom[:])
	}
	clear(premaster)
	c.useMaster()
}

// useMaster derives the keys. RFC 5246, section 6.3.
func (c *common) useMaster() {
	c.Done.EMS, c.Done.EtM = c.ems, c.etm
	c.KeyLog("CLIENT_RANDOM", c.Done.Master[:])
	var buf [2 * (48 + 32 + 16)]byte
	block := buf[:record.BlockLen(c.suite, c.dialect.records)]
	c.keyed = c.prf.With(c.Done.Master[:])
	c.keyed.KeyBlock(block, c.Done.ClientRandom[:], c.Done.ServerRandom[:])
	c.client, c.server = record.KeysBlock(c.suite, block, c.etm, c.dialect.records)
	clear(block)
}

// verifyData gives the verify_data of a side over the transcript so far. The
// first finishedLen bytes of it count.
func (c *common) verifyData(server bool) [prf.MaxFinishedLen]byte {
	v := c.dialect.finished(c, server)
	if c.Done.VerifyLen != 0 { // this is the second
		c.keyed.Free()
	}
	c.Done.VerifyLen = c.dialect.finishedLen
	return v
}

// isVerifyData reports whether the body of a Finished is right.
func (c *common) isVerifyData(body []byte, want *[prf.MaxFinishedLen]byte) bool {
	return hmac.Equal(body, want[:c.dialect.finishedLen])
}

// exchangeLength is how many bytes of length a ClientKeyExchange begins with.
func (c *common) exchangeLength() int {
	if c.dialect.bare && c.method.encrypts {
		return 0
	}
	return c.method.length
}

// sendFinished changes to the keys of this side and ends its part.
func (c *common) sendFinished(server bool) {
	c.Out.ChangeCipherSpec()
	if server {
		c.Out.WriteKeys(c.server)
	} else {
		c.Out.WriteKeys(c.client)
	}
	verify := c.verifyData(server)
	if server {
		c.Done.ServerVerify = verify
	} else {
		c.Done.ClientVerify = verify
	}
	finished := wire.Finished{VerifyData: verify[:c.dialect.finishedLen]}
	c.Send(iana.MsgFinished, finished.Append(c.Out.Message()))
}

// signedParams is what the signature of a ServerKeyExchange covers. RFC 5246,
// section 7.4.3.
func (c *common) signedParams(params []byte) []byte {
	b := make([]byte, 0, 64+len(params))
	b = append(append(b, c.Done.ClientRandom[:]...), c.Done.ServerRandom[:]...)
	return append(b, params...)
}

// chooseScheme chooses how a credential of this side signs. In versions whose
// signatures name no scheme the key alone says so, and the scheme is 0.
func (c *common) chooseScheme(offered negotiate.Offers, cred *sign.Credential) (iana.SignatureScheme, error) {
	if c.dialect.schemes {
		return negotiate.Scheme(c.Done.Version, offered, cred, c.Config.Policy, c.Log)
	}
	if !sign.Before12(cred.Public()) { // which says more than the private key what it is for
		return 0, fault.With(fault.NoSharedScheme, "a key of the kind %v cannot sign in %v", cred.Kind(), c.Done.Version)
	}
	return 0, nil
}

// accepts refuses a signature scheme that was not offered.
func (c *common) accepts(s iana.SignatureScheme) error {
	if c.dialect.schemes && !c.Config.Policy.Accepts(s) {
		return fault.With(fault.SchemeNotOffered, "%v", s)
	}
	return nil
}

// canUse reports whether the version has signatures of such a key.
func (c *common) canUse(public crypto.PublicKey) bool {
	return c.dialect.schemes || sign.Before12(public)
}

// SessionLifetime is how long a session may be resumed if nobody says less, in
// seconds: a day. RFC 5246, appendix F.1.4, has that as the upper limit.
const SessionLifetime = 24 * 60 * 60

type (
	state = handshake.State
	msg   = handshake.Message
)
