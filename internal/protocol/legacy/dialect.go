// Package legacy has the machines of TLS 1.2, client and server: RFC 5246. What
// differs between the versions that go by it is one value, the dialect, so that
// older versions are values and not branches.
package legacy

import (
	"io"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
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
	schemes bool                             // signatures name their scheme in the message
	prf     func(schedule.Hash) prf.Function // with the hash of the suite
	keys    func(p suite.Params, block []byte, etm bool) (client, server record.Keys)
}

var dialects = [...]dialect{
	{version: iana.TLS12, schemes: true, prf: prf.TLS12, keys: record.KeysBlock12},
}

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
	prf     prf.Function

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
	return nil
}

// useSuite starts the transcript with the suite's hash. The ClientHello, which
// came before, is its first message.
func (c *common) useSuite(p suite.Params) {
	c.suite, c.Done.Suite = p, p.ID
	c.prf = c.dialect.prf(p.Hash)
	c.Transcript.Start(p.Hash)
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
	block := buf[:record.BlockLen12(c.suite)]
	c.prf.KeyBlock(block, c.Done.Master[:], c.Done.ClientRandom[:], c.Done.ServerRandom[:])
	c.client, c.server = c.dialect.keys(c.suite, block, c.etm)
	clear(block)
}

// verifyData gives the verify_data of a side over the transcript so far.
func (c *common) verifyData(server bool) [prf.FinishedLen]byte {
	var hash [48]byte
	return c.prf.Finished(c.Done.Master[:], server, c.Transcript.Sum(hash[:0]))
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
	finished := wire.Finished{VerifyData: verify[:]}
	c.Send(iana.MsgFinished, finished.Append(c.Out.Message()))
}

// signedParams is what the signature of a ServerKeyExchange covers. RFC 5246,
// section 7.4.3.
func (c *common) signedParams(params []byte) []byte {
	b := make([]byte, 0, 64+len(params))
	b = append(append(b, c.Done.ClientRandom[:]...), c.Done.ServerRandom[:]...)
	return append(b, params...)
}

// keyFits reports whether the certificate's key is of the kind that the suite
// wants. EdDSA goes with the suites of ECDSA (RFC 8422, section 5.10).
func keyFits(p suite.Params, k sign.Kind) bool {
	switch p.Auth {
	case suite.RSAKey:
		return k == sign.RSA || k == sign.RSAPSS && p.KeyExchange != suite.RSA
	case suite.ECDSAKey:
		return k == sign.ECDSA || k == sign.Ed25519
	}
	return false
}

// ticketLifetime is how long a session may be resumed, in seconds: a day. RFC
// 5246, appendix F.1.4, has that as the upper limit.
const ticketLifetime = 24 * 60 * 60

func (c *common) random(b []byte) error {
	if _, err := io.ReadFull(c.Config.Rand, b); err != nil {
		return fault.With(fault.Internal, "no randomness: %w", err)
	}
	return nil
}

type (
	state = handshake.State
	msg   = handshake.Message
)
