package sslv2

import (
	"bytes"
	"crypto/rsa"
	"math/big"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/session"
	"github.com/handsel-tls/handsel/internal/protocol/sign"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// Client is a client's handshake.
type Client struct {
	common
	offered *session.State // the session that is offered
	cred    *sign.Credential
	request []byte // challenge of the REQUEST-CERTIFICATE
	arg     []byte
}

const (
	cStart handshake.State = iota
	cWaitHello
	cWaitVerdict
	cWaitVerify
	cWaitFinished
	cWaitCredential
	cWaitSignature
	cWaitApproval
	cConnected
)

var clientTable = handshake.Table[Client]{
	Machine: handshake.SSL2Client,
	Rows: []handshake.Row[Client]{
		cStart: handshake.In("START",
			handshake.On(handshake.Begin, (*Client).onBegin, cWaitHello)),
		cWaitHello: handshake.In("WAIT SERVER-HELLO",
			handshake.On(msgServerHello, (*Client).onHello, cWaitVerdict, cWaitVerify),
			handshake.On(msgError, (*Client).onError)),
		cWaitVerdict: handshake.In("WAIT SERVER-HELLO (verdict)",
			handshake.On(handshake.OnVerdict, (*Client).onVerdict, cWaitVerify)),
		cWaitVerify: handshake.In("WAIT SERVER-VERIFY",
			handshake.On(msgServerVerify, (*Client).onVerify, cWaitFinished),
			handshake.On(msgError, (*Client).onError)),
		cWaitFinished: handshake.In("WAIT SERVER-FINISHED",
			handshake.On(msgRequestCertificate, (*Client).onRequest, cWaitCredential),
			handshake.On(msgServerFinished, (*Client).onFinished, cWaitApproval, cConnected),
			handshake.On(msgError, (*Client).onError)),
		cWaitCredential: handshake.In("WAIT SERVER-FINISHED (certificate)",
			handshake.On(handshake.OnCredential, (*Client).onCredential, cWaitSignature, cWaitFinished)),
		cWaitSignature: handshake.In("WAIT SERVER-FINISHED (signature)",
			handshake.On(handshake.OnSignature, (*Client).onSignature, cWaitFinished)),
		cWaitApproval: handshake.In("WAIT SERVER-FINISHED (approval)",
			handshake.On(handshake.OnApproval, (*Client).onApproval, cConnected)),
		cConnected: handshake.In[Client]("CONNECTED"),
	},
}

// NewClient is about to send its CLIENT-HELLO.
func NewClient(core *handshake.Core, records *Records) *Client {
	core.Done.Legacy = new(handshake.Legacy)
	return &Client{common: common{Core: core, records: records, kinds: allowed(core.Config.Policy.Suites)}}
}

// Step gives the machine a message or an answer.
func (c *Client) Step(on handshake.Trigger, m handshake.Message) error {
	return clientTable.Step(c, &c.state, on, m, c.Log)
}

// State names the state.
func (c *Client) State() string { return clientTable.Rows[c.state].Name }

// Free wipes the secrets.
func (c *Client) Free() { c.wipe() }

// Diagrams gives the tables of both sides.
func Diagrams() []handshake.Diagram {
	return []handshake.Diagram{serverTable.Diagram(), clientTable.Diagram()}
}

func (c *Client) onBegin(msg) (state, error) {
	c.challenge = make([]byte, 16)
	if err := c.Random(c.challenge); err != nil {
		return 0, err
	}
	copy(c.Done.ClientRandom[:], c.challenge)
	hello := wire.SSL2ClientHello{Version: iana.SSL20, CipherSpecs: specs(c.kinds), Challenge: c.challenge}
	if s := c.Config.Session; s != nil && s.State.Version == iana.SSL20 && len(s.SessionID) == 16 && has(c.kinds, s.State.Suite) {
		hello.SessionID, c.offered = s.SessionID, s.State
	}
	c.Hello = hello.Append(c.Hello[:0])
	c.Out.SSL2Message(c.Hello)
	c.Log.Sent(iana.MsgClientHello)
	return cWaitHello, nil
}

// onError takes an ERROR, which is fatal here.
func (c *Client) onError(m msg) (state, error) {
	if bytes.Equal(m.Raw, appendError(nil, errNoCipher)) {
		return 0, fault.With(fault.HelloRefused, "NO-CIPHER")
	}
	return 0, fault.With(fault.PeerAlert, "ERROR %x", m.Raw[1:])
}

func (c *Client) onHello(m msg) (state, error) {
	hello, err := parseServerHello(m.Raw)
	if err != nil {
		return 0, err
	}
	c.ServerHello = append(c.ServerHello[:0], m.Raw...)
	c.id = bytes.Clone(hello.id)
	copy(c.Done.ServerRandom[:], c.id)
	if hello.hit {
		return c.resume()
	}
	shares := c.shared(hello.kinds)
	if shares == nil {
		return 0, fault.With(fault.NoSharedSuite, "of SSL 2.0")
	}
	c.kind = shares[0]
	c.Log.Chose(trace.Suite, uint16(c.kind.kind.Suite()))
	if c.Done.Peer, err = handshake.NewPeer(hello.certificate); err != nil {
		return 0, err
	}
	c.der = c.Done.Peer.Chain[0]
	c.Pose(handshake.Ask{Question: handshake.Verdict, Peer: c.Done.Peer})
	return cWaitVerdict, nil
}

func (c *Client) resume() (state, error) {
	if c.offered == nil {
		return 0, fault.With(fault.SessionIDWrong, "no session was offered")
	}
	c.Log.Chose(trace.Session, 0)
	c.Done.Resume(c.offered)
	arg, err := c.useSession(c.offered)
	if err != nil {
		return 0, err
	}
	return c.sendFinished(arg)
}

// onVerdict sends the master key, encrypted, and proves to have it.
func (c *Client) onVerdict(msg) (state, error) {
	if err := handshake.Verdicted(c.Answer.Err); err != nil {
		return 0, err
	}
	public, ok := c.Done.Peer.Key.(*rsa.PublicKey)
	if !ok {
		return 0, fault.With(fault.CertificateTypeWrong, "a key of type %T in SSL 2.0", c.Done.Peer.Key)
	}
	c.master, c.arg = make([]byte, c.kind.key), make([]byte, c.kind.argLen())
	if err := c.Random(c.master); err != nil {
		return 0, err
	}
	if err := c.Random(c.arg); err != nil {
		return 0, err
	}
	clear := c.kind.key - c.kind.secret
	key := clientMasterKey{kind: c.kind.kind, clear: c.master[:clear], arg: c.arg}
	var err error
	if key.encrypted, err = c.encrypt(public, c.master[clear:]); err != nil {
		return 0, err
	}
	c.Out.SSL2Message(key.append(nil))
	c.Log.Sent(iana.MsgClientKeyExchange)
	return c.sendFinished(c.arg)
}

// encrypt encrypts the secret by RSA PKCS #1 v1.5. The last eight bytes of
// the padding say that the client knows newer versions: a server that does, too,
// takes that for a sign that somebody has pushed the two down to SSL 2.0. RFC
// 5246, appendix E.3.
func (c *Client) encrypt(public *rsa.PublicKey, secret []byte) ([]byte, error) {
	size := public.Size()
	fill := size - 3 - len(secret) - 8
	if fill < 0 || public.E < 3 {
		return nil, fault.With(fault.WeakKey, "an RSA key of %d bits", public.N.BitLen())
	}
	block := make([]byte, size)
	block[1] = 2
	padding := block[2 : 2+fill]
	for i := range padding { // nonzero random bytes
		for padding[i] == 0 {
			if err := c.Random(padding[i : i+1]); err != nil {
				return nil, err
			}
		}
	}
	for i := range 8 {
		block[2+fill+i] = 3
	}
	copy(block[size-len(secret):], secret)
	m := new(big.Int).SetBytes(block)
	return m.Exp(m, big.NewInt(int64(public.E)), public.N).FillBytes(make([]byte, size)), nil
}

func (c *Client) sendFinished(arg []byte) (state, error) {
	if err := c.useKeys(arg, false); err != nil {
		return 0, err
	}
	c.Out.SSL2Message(appendPlain(nil, msgClientFinished, c.id))
	return cWaitVerify, nil
}

func (c *Client) onVerify(m msg) (state, error) {
	if !is(m.Raw, msgServerVerify, c.challenge) {
		return 0, fault.FinishedWrong
	}
	return cWaitFinished, nil
}

func (c *Client) onRequest(m msg) (state, error) {
	challenge, err := parseRequestCertificate(m.Raw)
	if err != nil {
		return 0, err
	}
	if c.request != nil || c.Done.Resumed {
		return 0, fault.With(fault.UnexpectedMessage, "REQUEST-CERTIFICATE")
	}
	c.request = bytes.Clone(challenge)
	c.Pose(handshake.Ask{Question: handshake.Credential, Request: &handshake.CertificateRequest{
		Version: iana.SSL20, Types: []iana.ClientCertificateType{iana.CertRSASign}, Schemes: []iana.SignatureScheme{sign.RSAMD5},
	}})
	return cWaitCredential, nil
}

func (c *Client) onCredential(msg) (state, error) {
	var err error
	c.cred, err = c.ChooseCredential(nil, func(cred *sign.Credential) error {
		if cred.Kind() != sign.RSA || cred.Type() != iana.CertX509 {
			return fault.With(fault.CertificateTypeUnasked, "%v", cred.Kind())
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	if c.cred == nil {
		c.Out.SSL2Message(appendError(nil, errNoCertificate))
		return cWaitFinished, nil
	}
	c.Done.Local = c.cred
	c.Pose(handshake.Ask{Question: handshake.Signature, Credential: c.cred, Scheme: sign.RSAMD5, Content: c.signed(c.request)})
	return cWaitSignature, nil
}

func (c *Client) onSignature(msg) (state, error) {
	m := clientCertificate{certificate: c.cred.Chain[0], response: c.Answer.Bytes}
	c.Out.SSL2Message(m.append(nil))
	return cWaitFinished, nil
}

// onFinished takes the ID of the session.
func (c *Client) onFinished(m msg) (state, error) {
	if len(m.Raw) != 17 {
		return 0, fault.With(fault.DecodeError, "SERVER-FINISHED has %d bytes", len(m.Raw))
	}
	if !c.Done.Resumed {
		c.Done.SessionID = bytes.Clone(m.Raw[1:])
	}
	return c.Approve(cWaitApproval, c.finish)
}

func (c *Client) onApproval(msg) (state, error) {
	if err := handshake.Verdicted(c.Answer.Err); err != nil {
		return 0, err
	}
	return c.finish()
}

func (c *Client) finish() (state, error) {
	c.Out.Complete()
	return cConnected, nil
}
