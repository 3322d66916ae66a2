package tls

import (
	"context"
	stdtls "crypto/tls"
	"crypto/x509"
	"errors"
	"reflect"
	"sync"
	"unsafe"

	"github.com/handsel-tls/handsel/internal/protocol/verify"
)

// connectionState is what ConnectionState gives, worked out when it is first
// asked for: most connections that wait are not.
type connectionState struct {
	mu    sync.Mutex
	known *ConnectionState
}

// replace takes the state after another handshake.
func (s *connectionState) replace(state ConnectionState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known = &state
}

// ConnectionState gives what is known of the connection.
func (c *Conn) ConnectionState() ConnectionState {
	if !c.complete.Load() {
		s := ConnectionState{ServerName: c.config.ServerName}
		setExporter(&s, c.ExportKeyingMaterial)
		return s
	}
	if c.half.Load() {
		c.out.Lock()
		defer c.out.Unlock()
		s := c.newState()
		s.HandshakeComplete = c.engine.Complete()
		return s
	}
	c.state.mu.Lock()
	defer c.state.mu.Unlock()
	if c.state.known == nil {
		s := c.newState()
		c.state.known = &s
	}
	return *c.state.known
}

// newState works out the state. The peer's chain was parsed before.
func (c *Conn) newState() ConnectionState {
	e := c.engine.Established()
	s := ConnectionState{
		Version: uint16(e.Version), HandshakeComplete: true, DidResume: e.Resumed,
		CipherSuite: uint16(e.Suite), NegotiatedProtocol: e.ALPN, NegotiatedProtocolIsMutual: true,
		ServerName: e.ServerName, CurveID: CurveID(e.Group), HelloRetryRequest: e.Retried,
		VerifiedChains: c.verifiedChains(), ECHAccepted: echAccepted(e),
	}
	if e.Peer != nil {
		s.PeerCertificates, _ = verify.Certificates(e.Peer.Chain)
		s.OCSPResponse, s.SignedCertificateTimestamps = e.Peer.OCSPStaple, e.Peer.SCTs
	}
	s.TLSUnique = e.TLSUnique()
	setExporter(&s, c.ExportKeyingMaterial)
	return s
}

// verifiedChains gives the chains that were verified, on this connection or on
// that of the session it resumed.
func (c *Conn) verifiedChains() [][]*x509.Certificate {
	if c.engine.Established().Resumed && c.host.chains == nil {
		return c.host.resumed
	}
	return c.host.chains
}

// ExportKeyingMaterial gives length bytes of keying material for the label and
// context. RFC 5705; RFC 9846, section 7.5. In TLS 1.2 the connection must have
// extended_master_secret.
func (c *Conn) ExportKeyingMaterial(label string, context []byte, length int) ([]byte, error) {
	if !c.complete.Load() {
		return nil, errors.New("tls: the handshake is not complete")
	}
	if c.half.Load() || c.again.possible.Load() { // a handshake may go on, and has this lock
		c.out.Lock()
		defer c.out.Unlock()
	}
	return c.engine.Export(label, context, length)
}

// ConnectionState, ClientHelloInfo and CertificateRequestInfo of the standard
// library have a field each that only it can set: the exporter, and the
// context. Programs rely on them: ExportKeyingMaterial and Context would panic
// or give nil. They are set here if the standard library still has them in the
// form known; if not, ExportKeyingMaterial fails with an error.
var (
	exporterOffset, hasExporter = offset[ConnectionState, func(string, []byte, int) ([]byte, error)]("ekm")
	helloOffset, hasHelloCtx    = offset[ClientHelloInfo, context.Context]("ctx")
	requestOffset, hasReqCtx    = offset[CertificateRequestInfo, context.Context]("ctx")
)

// offset finds the field of T with the name and type.
func offset[T, F any](name string) (uintptr, bool) {
	f, ok := reflect.TypeFor[T]().FieldByName(name)
	return f.Offset, ok && f.Type == reflect.TypeFor[F]()
}

func setExporter(s *ConnectionState, export func(string, []byte, int) ([]byte, error)) {
	if hasExporter {
		*(*func(string, []byte, int) ([]byte, error))(unsafe.Add(unsafe.Pointer(s), exporterOffset)) = export
		return
	}
	// A state of the standard library whose exporter gives an error.
	closed := stdtls.Client(nil, &stdtls.Config{Renegotiation: stdtls.RenegotiateOnceAsClient}).ConnectionState()
	filled := *s
	*s = closed
	copyExported(s, &filled)
}

// copyExported copies the fields that can be set, and leaves the exporter.
func copyExported(dst, src *ConnectionState) {
	d, s := reflect.ValueOf(dst).Elem(), reflect.ValueOf(src).Elem()
	for i := range d.NumField() {
		if d.Field(i).CanSet() {
			d.Field(i).Set(s.Field(i))
		}
	}
}

func setHelloContext(info *ClientHelloInfo, ctx context.Context) {
	if hasHelloCtx {
		*(*context.Context)(unsafe.Add(unsafe.Pointer(info), helloOffset)) = ctx
	}
}

func setRequestContext(info *CertificateRequestInfo, ctx context.Context) {
	if hasReqCtx {
		*(*context.Context)(unsafe.Add(unsafe.Pointer(info), requestOffset)) = ctx
	}
}
