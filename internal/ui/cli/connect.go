package cli

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/policy"
	"github.com/handsel-tls/handsel/internal/serve/bindings"
	"github.com/handsel-tls/handsel/tls"
)

type connectFlags struct {
	sni, ca, cert, key string
	alpn               []string
	tls12, tls13       bool
	min, max           string
	ssl2, ssl2Hello    bool
	policy             string
	suites             []string
	json, quiet        bool
	insecure           bool
	timeout            time.Duration
	early              string
	postHandshake      bool

	rawKey         string
	peerKeys       []string
	pskFile        string
	pskIdentity    string
	ech            string
	echGrease      bool
	compressed     bool
	recordSize     uint16
	fragmentLength int
}

func (a *app) connectCommand() *cobra.Command {
	var f connectFlags
	c := &cobra.Command{
		Use:   "connect host[:port]",
		Short: "Connect to a server and show the whole handshake",
		Long: `connect shows a handshake step by step: what was offered, what was chosen and
what lost, the server's chain and each check of it. Then it joins the connection
to standard input and output. The handshake is told on standard error, so that
standard output has the server's data alone.

If the handshake fails it says who ended it, at which step and why, and exits
with 1; with 3 if the server could not be reached.`,
		Example: `  handsel connect www.example.com
  handsel connect 127.0.0.1:8443 --sni one.localhost --ca local-ca.pem
  printf 'GET / HTTP/1.0\r\n\r\n' | handsel connect www.example.com --alpn http/1.1
  handsel connect www.example.com --early-data request.txt --alpn http/1.1
  handsel connect old.example.com --policy legacy
  handsel connect 192.0.2.7 --ssl2 --insecure
  handsel connect device.example.com --peer-key device-pub.pem
  handsel connect www.example.com --json < /dev/null`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.connect(cmd.Context(), f, args[0]) },
	}
	f.register(c)
	return c
}

// register gives the command its flags, and what completes them.
func (f *connectFlags) register(c *cobra.Command) {
	c.Flags().StringVar(&f.sni, "sni", "", "name to ask for and to check (default: the host)")
	c.Flags().StringVar(&f.ca, "ca", "", "PEM file of the authorities to trust (default: those of the system)")
	c.Flags().StringVar(&f.cert, "cert", "", "PEM file of the client's certificate")
	c.Flags().StringVar(&f.key, "key", "", "PEM file of its key (default: the certificate's file)")
	c.Flags().StringSliceVar(&f.alpn, "alpn", nil, "application protocols to offer, such as h2,http/1.1")
	c.Flags().BoolVar(&f.tls12, "tls12", false, "offer TLS 1.2 only")
	c.Flags().BoolVar(&f.tls13, "tls13", false, "offer TLS 1.3 only")
	c.Flags().StringVar(&f.min, "min", "", "lowest version to offer, such as 1.2; 1.0 and ssl3 are weak and off unless named")
	c.Flags().StringVar(&f.max, "max", "", "highest version to offer, such as 1.3")
	c.Flags().BoolVar(&f.ssl2, "ssl2", false, "speak SSL 2.0, which protects nothing, and nothing else")
	c.Flags().BoolVar(&f.ssl2Hello, "ssl2-hello", false, "send the ClientHello in the format of SSL 2.0, as clients of old do (up to TLS 1.2)")
	c.Flags().StringVar(&f.policy, "policy", "", "policy: "+strings.Join(policy.Names(), ", "))
	c.Flags().StringSliceVar(&f.suites, "cipher", nil, "cipher suites of TLS 1.2 and below to offer, by their registered names; with --ssl2, cipher kinds such as SSL_CK_DES_64_CBC_WITH_MD5")
	c.Flags().BoolVar(&f.json, "json", false, "print the handshake as one line of JSON on standard output, before the data")
	c.Flags().BoolVarP(&f.quiet, "quiet", "q", false, "print the data only, and what goes wrong")
	c.Flags().BoolVar(&f.insecure, "insecure", false, "go on whatever the server's certificate is")
	c.Flags().DurationVar(&f.timeout, "timeout", 10*time.Second, "longest time for connecting and the handshake")
	c.Flags().StringVar(&f.early, "early-data", "", "file to send before the server has answered (0-RTT); a connection before it gets the ticket")
	c.Flags().BoolVar(&f.postHandshake, "post-handshake-auth", false, "allow the server to ask for the certificate after the handshake (TLS 1.3)")
	c.Flags().BoolVar(&f.compressed, "compressed", false, "accept a compressed certificate (TLS 1.3)")
	c.Flags().Uint16Var(&f.recordSize, "record-size-limit", 0, "offer to take records of this many bytes at most (RFC 8449)")
	c.Flags().IntVar(&f.fragmentLength, "max-fragment", 0, "ask for records of 512, 1024, 2048 or 4096 bytes (RFC 6066)")
	c.Flags().StringArrayVar(&f.peerKeys, "peer-key", nil, "public key that the server has to show without a certificate (RFC 7250): a PEM file, or its SHA-256; certificates are accepted besides only with --ca")
	c.Flags().StringVar(&f.rawKey, "raw-key", "", "PEM file of a key to show without a certificate to servers that ask for one")
	c.Flags().StringVar(&f.pskFile, "psk-file", "", "file of pre-shared keys by which server and client know each other, a line identity:hexadecimal digits each; certificates are accepted besides only with --ca")
	c.Flags().StringVar(&f.pskIdentity, "psk-identity", "", "identity of the only key of the file to offer")
	c.Flags().StringVar(&f.ech, "ech", "", "encrypt the ClientHello: the value of ech= in the HTTPS record of the name, or a PEM file")
	c.Flags().BoolVar(&f.echGrease, "ech-grease", false, "send an extension that looks like an encrypted ClientHello")
	c.MarkFlagsMutuallyExclusive("ech", "ech-grease")
	for _, other := range []string{"min", "max"} {
		c.MarkFlagsMutuallyExclusive("tls12", "tls13", other)
	}
	for _, other := range []string{"ssl2-hello", "tls12", "tls13", "min", "max", "policy", "cipher", "alpn", "ech", "early-data", "peer-key", "raw-key", "psk-file"} {
		c.MarkFlagsMutuallyExclusive("ssl2", other) // which knows nothing of that
	}
	c.MarkFlagsMutuallyExclusive("json", "quiet")
	c.MarkFlagFilename("ca")
	c.MarkFlagFilename("early-data")
	c.MarkFlagFilename("cert")
	c.MarkFlagFilename("key")
	c.MarkFlagFilename("raw-key")
	c.MarkFlagFilename("psk-file")
	c.MarkFlagFilename("peer-key")
}

func (a *app) connect(ctx context.Context, f connectFlags, target string) error {
	host, addr, err := splitTarget(target)
	if err != nil {
		return &exitError{exitUsage, err}
	}
	config, err := f.newConfig(host)
	if err != nil {
		return &exitError{exitUsage, err}
	}
	if !f.quiet {
		a.warn(f)
	}
	limited, cancel := context.WithTimeout(ctx, f.timeout)
	defer cancel()
	early, err := f.readEarly(limited, addr, config)
	if err != nil {
		return &exitError{exitUsage, err}
	}
	raw, err := dial(limited, addr)
	if err != nil {
		return &exitError{exitNetwork, fmt.Errorf("%w\nthere is no TCP connection, so there was no handshake", err)}
	}
	defer raw.Close()
	conn := tls.Client(raw, config)
	conn.SetEarlyData(early)
	err = conn.HandshakeContext(limited)
	shown, showErr := a.show(f, conn, config, err)
	if err == nil {
		err = showErr
	}
	hint := retryECH(err)
	switch {
	case err == nil:
		if err := a.sendRest(f, conn, early); err != nil {
			return &exitError{exitFailed, err}
		}
		return a.join(ctx, conn, f.quiet)
	case shown && hint != "":
		return &exitError{exitFailed, errors.New("Encrypted Client Hello was rejected" + hint)}
	case shown: // the whole story was told
		return &exitError{code: exitFailed}
	}
	if r := conn.Record(); r != nil && r.Failure != nil {
		err = fmt.Errorf("the handshake failed: %w%s", r.Failure, hint)
	}
	return &exitError{exitFailed, err}
}

// splitTarget gives the host and the address of host, host:port, [host]:port or
// an IPv6 address by itself. The port is 443 if none is given.
func splitTarget(target string) (host, addr string, err error) {
	if _, rest, ok := strings.Cut(target, "://"); ok {
		rest, _, _ = strings.Cut(rest, "/")
		return "", "", fmt.Errorf("%q is a URL: write only host and port, such as %s", target, rest)
	}
	host, port := strings.Trim(target, "[]"), "443"
	if h, p, err := net.SplitHostPort(target); err == nil {
		host, port = h, p
	} else if strings.Contains(host, ":") && net.ParseIP(host) == nil {
		return "", "", fmt.Errorf("%q is not host:port: an IPv6 address stands in brackets, [address]:port", target)
	}
	if host == "" {
		return "", "", fmt.Errorf("%q names no host: write host:port", target)
	}
	return host, net.JoinHostPort(host, port), nil
}

// dial connects. Names below localhost are this computer's whatever a resolver
// says (RFC 6761, section 6.3).
func dial(ctx context.Context, addr string) (net.Conn, error) {
	if host, port, err := net.SplitHostPort(addr); err == nil && strings.HasSuffix(strings.TrimSuffix(host, "."), ".localhost") {
		addr = net.JoinHostPort("localhost", port)
	}
	return new(net.Dialer).DialContext(ctx, "tcp", addr)
}

func (f *connectFlags) newConfig(host string) (*tls.Config, error) {
	c := &tls.Config{
		ServerName: host, NextProtos: f.alpn, InsecureSkipVerify: f.insecure, Policy: f.policy, PostHandshakeAuth: f.postHandshake, SSL2: f.ssl2, SendSSL2Hello: f.ssl2Hello,
		OnHandshake:                  func(*tls.Record) {}, // so that a record is kept
		AcceptCompressedCertificates: f.compressed, RecordSizeLimit: f.recordSize, MaxFragmentLength: f.fragmentLength,
	}
	if f.sni != "" {
		c.ServerName = f.sni
	}
	c.EncryptedClientHelloGREASE = f.echGrease
	var err error
	if f.ech != "" {
		if c.EncryptedClientHelloConfigList, err = readECH(f.ech); err != nil {
			return nil, err
		}
	}
	set, err := f.settings()
	if err == nil {
		_, err = set.EffectivePolicy()
	}
	if err != nil {
		return nil, err
	}
	c.MinVersion, c.MaxVersion = uint16(set.MinVersion), uint16(set.MaxVersion)
	for _, id := range set.Suites {
		c.CipherSuites = append(c.CipherSuites, uint16(id))
	}
	if f.ca != "" {
		b, err := os.ReadFile(f.ca)
		if err != nil {
			return nil, err
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(b) {
			return nil, fmt.Errorf("%s holds no certificate in PEM", f.ca)
		}
	}
	if err := f.rawKeys(c); err != nil {
		return nil, err
	}
	if err := f.preSharedKeys(c); err != nil {
		return nil, err
	}
	if f.key != "" && f.cert == "" {
		return nil, errors.New("--key is the key of a certificate: name that with --cert")
	}
	if f.cert != "" {
		key := f.key
		if key == "" {
			key = f.cert
		}
		cert, err := tls.LoadX509KeyPair(f.cert, key)
		if err != nil {
			return nil, err
		}
		c.Certificates = []tls.Certificate{cert}
	}
	return c, nil
}

// warn says what the flags turn on that is weak.
func (a *app) warn(f connectFlags) {
	s, _ := f.settings() // the flags were looked at before
	for _, why := range s.Warnings() {
		fmt.Fprintln(a.err, "warning: "+why)
	}
}

// settings gives what the flags say of policy, versions and suites.
func (f *connectFlags) settings() (s bindings.Settings, err error) {
	s.Policy, s.SSL2 = f.policy, f.ssl2
	switch {
	case f.tls12:
		s.MinVersion, s.MaxVersion = tls.VersionTLS12, tls.VersionTLS12
	case f.tls13:
		s.MinVersion, s.MaxVersion = tls.VersionTLS13, tls.VersionTLS13
	}
	if f.min != "" {
		if s.MinVersion, err = bindings.ParseVersion(f.min); err != nil {
			return s, fmt.Errorf("--min: %w", err)
		}
	}
	if f.max != "" {
		if s.MaxVersion, err = bindings.ParseVersion(f.max); err != nil {
			return s, fmt.Errorf("--max: %w", err)
		}
	}
	for _, name := range f.suites {
		id, err := iana.SuiteNamed(name)
		if err != nil {
			return s, fmt.Errorf("--cipher: %w", err)
		}
		s.Suites = append(s.Suites, id)
	}
	return s, nil
}

// show tells the handshake: on standard error, so that standard output has the
// data alone; as JSON, on standard output. shown is false if there was nothing
// to tell.
func (a *app) show(f connectFlags, conn *tls.Conn, config *tls.Config, failed error) (shown bool, err error) {
	r := conn.Record()
	if r == nil || f.quiet {
		return false, nil
	}
	v := newView(r)
	v.addDetails(r)
	chain := conn.ConnectionState().PeerCertificates
	if refused, ok := errors.AsType[*tls.CertificateVerificationError](failed); ok {
		chain = refused.UnverifiedCertificates
	}
	roots := config.RootCAs
	if roots == nil {
		roots, _ = x509.SystemCertPool()
	}
	v.addChain(chain, roots, config.ServerName)
	if f.json {
		return false, json.NewEncoder(a.out).Encode(v)
	}
	v.tell(a.err, colorsFor(a.err), f.insecure)
	return true, nil
}

// join copies standard input to the server and its data to standard output,
// until the server closes or the program is interrupted.
func (a *app) join(ctx context.Context, conn *tls.Conn, quiet bool) error {
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	go func() {
		if _, err := io.Copy(conn, a.in); err == nil {
			conn.CloseWrite()
		}
	}()
	n, err := io.Copy(a.out, conn)
	switch {
	case err == nil || ctx.Err() != nil:
		return nil
	case n == 0 && a.tellLate(conn.Record(), err, quiet):
		return &exitError{code: exitFailed}
	case errors.Is(err, io.ErrUnexpectedEOF):
		return &exitError{exitFailed, errors.New("the server closed the connection without close_notify: data may be missing")}
	}
	return &exitError{exitFailed, err}
}

// tellLate tells why a connection ended right after the handshake, if that was what
// the server did not like: with TLS 1.3 it says so only then.
func (a *app) tellLate(r *tls.Record, err error, quiet bool) bool {
	if r == nil || quiet {
		return false
	}
	found := r.ExplainError(err)
	if len(found) == 0 {
		return false
	}
	c := colorsFor(a.err)
	fmt.Fprintf(a.err, "%sFailed after the handshake%s: %v\n\nWhy:\n", c.red, c.off, err)
	tellFindings(a.err, "  ", found, c)
	return true
}
