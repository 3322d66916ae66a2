package tls

import (
	"crypto"
	stdtls "crypto/tls"
	"crypto/x509"
	"io"
	"sync"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/session"
)

// A Config holds the settings of connections. It must not be changed once it
// was given to a connection. The fields are those of crypto/tls; the last ones
// are new.
type Config struct {
	Rand io.Reader        // nil: crypto/rand
	Time func() time.Time // nil: time.Now

	Certificates         []Certificate
	GetCertificate       func(*ClientHelloInfo) (*Certificate, error)
	GetClientCertificate func(*CertificateRequestInfo) (*Certificate, error)
	GetConfigForClient   func(*ClientHelloInfo) (*Config, error)

	VerifyPeerCertificate func(rawCerts [][]byte, verifiedChains [][]*x509.Certificate) error
	VerifyConnection      func(ConnectionState) error

	RootCAs    *x509.CertPool // nil: those of the system
	NextProtos []string
	ServerName string
	ClientAuth ClientAuthType
	ClientCAs  *x509.CertPool

	InsecureSkipVerify bool

	// CipherSuites are the suites of TLS 1.2 and below to allow; nil: those
	// of the policy. Their order does not count.
	CipherSuites             []uint16
	PreferServerCipherSuites bool // has no effect

	SessionTicketsDisabled bool
	SessionTicketKey       [32]byte // all zero: keys that rotate by themselves
	ClientSessionCache     ClientSessionCache

	MinVersion uint16 // 0: that of the policy, TLS 1.2; down to VersionSSL30
	MaxVersion uint16 // 0: TLS 1.3
	// CurvePreferences are the groups of the key exchange; nil: those of the
	// policy. Their order does not count. Before TLS 1.3 a client that names a curve
	// of ECDSA among them takes servers' keys of ECDSA on these curves only, which
	// crypto/tls does not hold to (RFC 8422, section 5.3).
	CurvePreferences []CurveID

	DynamicRecordSizingDisabled bool // has no effect
	Renegotiation               RenegotiationSupport
	KeyLogWriter                io.Writer

	// EncryptedClientHelloConfigList is an ECHConfigList (RFC 9849), such as
	// stands in the DNS record of a server: a client encrypts its ClientHello
	// with the first configuration it can use, and the network sees the public
	// name of that only. It is an error if it can use none. If the server
	// rejects it, the handshake fails with an ECHRejectionError, which may have
	// other configurations to try. MinVersion, if set, has to be VersionTLS13.
	EncryptedClientHelloConfigList []byte
	// EncryptedClientHelloRejectionVerify verifies a server that has rejected
	// it, for the public name, in place of RootCAs. VerifyPeerCertificate,
	// VerifyConnection and InsecureSkipVerify do not count then.
	EncryptedClientHelloRejectionVerify func(ConnectionState) error
	// EncryptedClientHelloKeys are the keys with which a server decrypts
	// ClientHellos. GetEncryptedClientHelloKeys, if set, gives them for a client
	// that has encrypted its own: what it is shown is the ClientHello outside.
	EncryptedClientHelloKeys    []EncryptedClientHelloKey
	GetEncryptedClientHelloKeys func(*ClientHelloInfo) ([]EncryptedClientHelloKey, error)

	// Policy names the versions, suites, groups and schemes to start from:
	// "modern" (the default), "compatible", "legacy" or "museum". MinVersion,
	// CipherSuites and CurvePreferences say themselves what is allowed: they can
	// name what the policy has not, such as TLS 1.0, or RSA key exchange, which
	// has no forward secrecy. What is weak in what was used is in the Record.
	Policy string

	// GetCertificates gives several certificates for a client, the most wanted
	// first, in place of Certificates and GetCertificate. Of those that are for
	// the name it asks for, if any is, the first with which a handshake can be had
	// is shown; the record says why each before it was not. So it is with several
	// Certificates.
	GetCertificates func(*ClientHelloInfo) ([]*Certificate, error)

	// OnHandshake is called with the record of every handshake, whether it
	// succeeded or failed, before Handshake returns. It must not block for
	// long and must not use the connection.
	OnHandshake func(*Record)

	// KeepMessages has the records of handshakes hold what was said, 64 KiB at
	// most: their Messages and Passages. It costs a copy of each.
	KeepMessages bool

	// AllowRenegotiation lets clients of a server begin another handshake, if
	// they know RFC 5746 (TLS 1.2 and below). Without it they get a warning and
	// the connection goes on. A server asks for one itself with
	// Conn.Renegotiate. Renegotiation, above, is for clients.
	AllowRenegotiation bool

	// PostHandshakeAuth has a client of TLS 1.3 say that it may be asked for its
	// certificate after the handshake, and a server keep what it needs to ask:
	// see Conn.RequestCertificate. It costs a quarter of a kilobyte a connection.
	PostHandshakeAuth bool

	// SSL2 speaks SSL 2.0 and nothing else. It protects nothing: it is for
	// finding out who speaks it, and for machines that are alone with it. A
	// server's RSA key that is used so must not be used with anything newer
	// (DROWN, CVE-2016-0800). CipherSuites may name its cipher kinds, such as
	// SSL_CK_DES_64_CBC_WITH_MD5; if it names none, they are 3DES and RC4 with 128 bits.
	SSL2 bool

	// SendSSL2Hello sends the ClientHello in the format of SSL 2.0, as clients
	// of old do. It leaves out TLS 1.3. Servers take it if their policy does.
	SendSSL2Hello bool

	// PreSharedKeys are keys that both sides have by other means, the most wanted
	// first. A client offers them; a server takes the first of its own that is
	// offered, before it shows a certificate. Certificates are accepted as ever
	// beside them, but for a client with RequirePreSharedKey, which needs no
	// ServerName then. A key for TLS 1.2 turns on its suites with ECDHE and AEAD;
	// others have to be in CipherSuites.
	PreSharedKeys       []PreSharedKey
	RequirePreSharedKey bool

	// GetPreSharedKeys gives a server the keys for the identities that a client
	// offers, in the server's order, beside PreSharedKeys. An identity that is not
	// known is no error. It is called again, with an empty hello, before a session
	// is resumed that began with a key that is not among PreSharedKeys.
	GetPreSharedKeys func(hello *ClientHelloInfo, identities [][]byte) ([]PreSharedKey, error)

	// PreSharedKeyHint is sent by a server of TLS 1.2 and below for clients that
	// know several keys; what it means is up to them. RFC 4279, section 5.2.
	PreSharedKeyHint string

	// HTTP11Required says for which paths a server needs HTTP/1.1, such as to ask
	// for a certificate after the handshake, which HTTP/2 forbids. If its handler
	// aborts such a request with http.ErrAbortHandler, a client of HTTP/2 is told so
	// (HTTP_1_1_REQUIRED), and sends it again by HTTP/1.1. nil: for none. It counts
	// for Serve and NewHTTPListener.
	HTTP11Required func(path string) bool

	// WriteStall is how long a write of a server may wait at least for a client that
	// takes nothing, until its connection ends; 0: for ever. It counts for Serve and
	// NewHTTPListener, and not together with http.Server.WriteTimeout, which is for a
	// whole answer.
	WriteStall time.Duration

	// HandshakeTimeout is the longest time a handshake may take; 0 is one
	// minute, less than 0 no limit but the connection's deadlines.
	HandshakeTimeout time.Duration

	// ServerSessions is how many sessions a server keeps for resumption by
	// session ID in TLS 1.2; 0: none. Clients that take tickets are given those
	// instead, unless SessionTicketsDisabled is set.
	ServerSessions int

	// EncryptedClientHelloGREASE has a client without configurations send an
	// extension that looks as if it had some, so that those who have do not
	// stick out. RFC 9849, section 6.2.
	EncryptedClientHelloGREASE bool

	// AnyClientUsage has a server accept certificates of clients that say they are
	// for something else than to authenticate clients (extendedKeyUsage).
	AnyClientUsage bool

	// NoStapling leaves OCSP responses out: a client asks for none, a server
	// sends none.
	NoStapling bool

	// RequestClientStaples has a server ask clients of TLS 1.3 that show a
	// certificate for its OCSP response and SCTs, if they have them.
	RequestClientStaples bool

	// NoCertificateCompression sends the certificate as it is to peers that can
	// decompress it (RFC 8879). AcceptCompressedCertificates tells peers that
	// they may compress theirs, with brotli, zstd or zlib; that takes less of
	// the network and more of the processor.
	NoCertificateCompression     bool
	AcceptCompressedCertificates bool

	// PermuteExtensions has a client send its extensions in a random order, so
	// that servers do not come to rely on one. NameAuthorities has it name the
	// authorities of RootCAs, for servers with certificates of several (RFC
	// 9846, section 4.3.4).
	PermuteExtensions bool
	NameAuthorities   bool

	// MaxCertificateSize is the length in bytes of the longest Certificate
	// message that is taken from the peer; 0: 131072.
	MaxCertificateSize int

	// RecordSizeLimit is the longest protected record that this side takes, in
	// bytes of content and, in TLS 1.3, one more for its type: 64 to 16385 (RFC
	// 8449). A client offers it, a server answers with it to clients that offer
	// theirs; what the peer sets is kept to in any case. 0: what the protocol
	// allows, which a client does not offer.
	RecordSizeLimit uint16

	// MaxFragmentLength is asked of servers by a client: 512, 1024, 2048 or 4096
	// bytes of content in the records of both sides (RFC 6066, section 4). 0: it
	// is not asked for. Servers grant it to clients that ask.
	MaxFragmentLength int

	// SessionTickets is how many tickets a server of TLS 1.3 gives after a full
	// handshake, so that a client can resume as many connections and use none
	// twice (RFC 9846, appendix C.4): up to 16; 0: one.
	SessionTickets int

	// MaxEarlyData is how many bytes of early data (0-RTT) a server takes of a
	// client that resumes a session; 0: none. Read gives them before the
	// handshake is complete, while Conn.InEarlyData says so: whoever saw them
	// may have sent them again, though each ClientHello counts once only. The
	// record of a handshake says why early data was not taken. None is if there
	// is a VerifyConnection, which is asked later. RFC 9846, sections 2.3 and 8;
	// RFC 8470 for HTTP.
	MaxEarlyData uint32

	// EarlyDataRegister remembers what came with early data. nil: one in memory
	// that goes with the ticket keys, unless those were set: then other servers
	// may have them, too, and no early data is taken.
	EarlyDataRegister EarlyDataRegister

	// FalseStart has a client of TLS 1.2 send data before the server's Finished
	// has come, a round trip earlier: Handshake returns then, and Read goes on
	// with it. It counts only where the keys have forward secrecy, the suite is an
	// AEAD's and an application protocol was agreed on. Whoever stands between the
	// two may have altered what was agreed on, which shows in the next Read; what
	// was written until then went to whom the certificate names. RFC 7918.
	FalseStart bool

	// DelegatedCredentials are shown in place of a certificate to peers that
	// accept them, the first that fits (RFC 9345; TLS 1.3). There has to be a
	// certificate for the others. AcceptDelegatedCredentials accepts those of
	// peers.
	DelegatedCredentials       []DelegatedCredential
	AcceptDelegatedCredentials bool

	// RawPublicKey is shown in place of a certificate to peers that accept that
	// (RFC 7250): the key alone, which they have to know already. A client shows
	// it to servers that ask for one. Others are shown a certificate, if there
	// is one.
	RawPublicKey crypto.Signer

	// PeerPublicKeys has the peer show one of these keys in place of a certificate,
	// raw: see HashPublicKey. A client needs no ServerName then. Certificates are
	// accepted beside them only if RootCAs (a server: ClientCAs) are there to
	// verify them. ClientAuth says whether clients are asked at all. Nothing but
	// this list accepts a raw key: InsecureSkipVerify does not, and
	// VerifyPeerCertificate is for certificates.
	PeerPublicKeys []PublicKeyHash

	// SigningSchemes are signature schemes to sign with beside those of the
	// policy, VerifySchemes the only ones to accept from the peer, the most
	// wanted first. nil: the policy's. CertificateSchemes are those that are
	// accepted in certificates, if they differ: signature_algorithms_cert.
	SigningSchemes     []SignatureScheme
	VerifySchemes      []SignatureScheme
	CertificateSchemes []SignatureScheme

	once     sync.Once
	prepared prepared
	mu       sync.Mutex    // of what follows
	tickets  *session.Keys // shared by clones as long as they rotate by themselves
	inUse    bool          // tickets went into prepared, and cannot be replaced any more
	explicit bool          // SetSessionTicketKeys was called
}

// Clone gives a copy. Ticket keys that rotate by themselves are shared with it;
// those that were set are copied.
func (c *Config) Clone() *Config {
	if c == nil {
		return nil
	}
	keys := c.ticketKeys()
	if c.ticketsSet() {
		keys = keys.Clone()
	}
	return &Config{
		Rand: c.Rand, Time: c.Time,
		Certificates: c.Certificates, GetCertificate: c.GetCertificate,
		GetClientCertificate: c.GetClientCertificate, GetConfigForClient: c.GetConfigForClient,
		GetCertificates:       c.GetCertificates,
		VerifyPeerCertificate: c.VerifyPeerCertificate, VerifyConnection: c.VerifyConnection,
		RootCAs: c.RootCAs, NextProtos: c.NextProtos, ServerName: c.ServerName,
		ClientAuth: c.ClientAuth, ClientCAs: c.ClientCAs, InsecureSkipVerify: c.InsecureSkipVerify,
		CipherSuites: c.CipherSuites, PreferServerCipherSuites: c.PreferServerCipherSuites,
		SessionTicketsDisabled: c.SessionTicketsDisabled, SessionTicketKey: c.SessionTicketKey,
		ClientSessionCache: c.ClientSessionCache, MinVersion: c.MinVersion, MaxVersion: c.MaxVersion,
		CurvePreferences: c.CurvePreferences, DynamicRecordSizingDisabled: c.DynamicRecordSizingDisabled,
		Renegotiation: c.Renegotiation, AllowRenegotiation: c.AllowRenegotiation, PostHandshakeAuth: c.PostHandshakeAuth, SSL2: c.SSL2, SendSSL2Hello: c.SendSSL2Hello,
		KeyLogWriter:                   c.KeyLogWriter,
		EncryptedClientHelloConfigList: c.EncryptedClientHelloConfigList, EncryptedClientHelloRejectionVerify: c.EncryptedClientHelloRejectionVerify,
		EncryptedClientHelloKeys: c.EncryptedClientHelloKeys, GetEncryptedClientHelloKeys: c.GetEncryptedClientHelloKeys,
		EncryptedClientHelloGREASE: c.EncryptedClientHelloGREASE,
		Policy:                     c.Policy, OnHandshake: c.OnHandshake, KeepMessages: c.KeepMessages, HandshakeTimeout: c.HandshakeTimeout, HTTP11Required: c.HTTP11Required, WriteStall: c.WriteStall,
		ServerSessions: c.ServerSessions, NoStapling: c.NoStapling, RequestClientStaples: c.RequestClientStaples,
		AnyClientUsage:           c.AnyClientUsage,
		NoCertificateCompression: c.NoCertificateCompression, AcceptCompressedCertificates: c.AcceptCompressedCertificates,
		MaxCertificateSize: c.MaxCertificateSize, RecordSizeLimit: c.RecordSizeLimit, MaxFragmentLength: c.MaxFragmentLength,
		SessionTickets: c.SessionTickets, MaxEarlyData: c.MaxEarlyData, EarlyDataRegister: c.EarlyDataRegister,
		DelegatedCredentials: c.DelegatedCredentials, AcceptDelegatedCredentials: c.AcceptDelegatedCredentials,
		RawPublicKey: c.RawPublicKey, PeerPublicKeys: c.PeerPublicKeys,
		PreSharedKeys: c.PreSharedKeys, RequirePreSharedKey: c.RequirePreSharedKey, GetPreSharedKeys: c.GetPreSharedKeys, PreSharedKeyHint: c.PreSharedKeyHint,
		FalseStart: c.FalseStart, PermuteExtensions: c.PermuteExtensions, NameAuthorities: c.NameAuthorities,
		SigningSchemes: c.SigningSchemes, VerifySchemes: c.VerifySchemes, CertificateSchemes: c.CertificateSchemes,
		tickets:  keys,
		explicit: c.ticketsSet(),
	}
}

// FromStandard gives the Config for a *crypto/tls.Config, such as certmagic and
// autocert hand out. What this package does not take over is left out.
func FromStandard(c *stdtls.Config) *Config {
	if c == nil {
		return nil
	}
	out := &Config{
		Rand: c.Rand, Time: c.Time,
		Certificates: c.Certificates, GetCertificate: c.GetCertificate, GetClientCertificate: c.GetClientCertificate,
		VerifyPeerCertificate: c.VerifyPeerCertificate, VerifyConnection: c.VerifyConnection,
		RootCAs: c.RootCAs, NextProtos: c.NextProtos, ServerName: c.ServerName,
		ClientAuth: c.ClientAuth, ClientCAs: c.ClientCAs, InsecureSkipVerify: c.InsecureSkipVerify,
		CipherSuites: c.CipherSuites, SessionTicketsDisabled: c.SessionTicketsDisabled,
		//lint:ignore SA1019 the field is deprecated, and taken over where it is set
		SessionTicketKey: c.SessionTicketKey,
		MinVersion:       c.MinVersion, MaxVersion: c.MaxVersion, CurvePreferences: c.CurvePreferences,
		Renegotiation: c.Renegotiation, KeyLogWriter: c.KeyLogWriter,
		EncryptedClientHelloConfigList: c.EncryptedClientHelloConfigList, EncryptedClientHelloRejectionVerify: c.EncryptedClientHelloRejectionVerify,
		EncryptedClientHelloKeys: c.EncryptedClientHelloKeys, GetEncryptedClientHelloKeys: c.GetEncryptedClientHelloKeys,
	}
	if get := c.GetConfigForClient; get != nil {
		out.GetConfigForClient = func(hello *ClientHelloInfo) (*Config, error) {
			std, err := get(hello)
			return FromStandard(std), err
		}
	}
	return out
}

func (c *Config) now() time.Time {
	if c.Time != nil {
		return c.Time()
	}
	return time.Now()
}

func (c *Config) handshakeTimeout() time.Duration {
	if c.HandshakeTimeout == 0 {
		return time.Minute
	}
	return c.HandshakeTimeout
}
