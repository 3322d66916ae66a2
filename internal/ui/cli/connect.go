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

	"github.com/handsel-tls/handsel/tls"
)

type connectFlags struct {
	sni, ca, cert, key string
	alpn               []string
	tls12, tls13       bool
	policy             string
	json, quiet        bool
	insecure           bool
	timeout            time.Duration
}

func (a *app) connectCommand() *cobra.Command {
	var f connectFlags
	c := &cobra.Command{
		Use:   "connect host[:port]",
		Short: "Connect to a server and show the whole handshake",
		Long: `connect shows a handshake step by step: what was offered, what was chosen and
what lost, the server's chain and each check of it. Then it joins the connection
to standard input and output.

If the handshake fails it says who ended it, at which step and why, and exits
with 1; with 3 if the server could not be reached.`,
		Example: `  handsel connect www.example.com
  handsel connect 127.0.0.1:8443 --sni one.localhost --ca local-ca.pem
  printf 'GET / HTTP/1.0\r\n\r\n' | handsel connect www.example.com --alpn http/1.1
  handsel connect www.example.com --json < /dev/null`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.connect(cmd.Context(), f, args[0]) },
	}
	c.Flags().StringVar(&f.sni, "sni", "", "name to ask for and to check (default: the host)")
	c.Flags().StringVar(&f.ca, "ca", "", "PEM file of the authorities to trust (default: those of the system)")
	c.Flags().StringVar(&f.cert, "cert", "", "PEM file of the client's certificate")
	c.Flags().StringVar(&f.key, "key", "", "PEM file of its key (default: the certificate's file)")
	c.Flags().StringSliceVar(&f.alpn, "alpn", nil, "application protocols to offer, such as h2,http/1.1")
	c.Flags().BoolVar(&f.tls12, "tls12", false, "offer TLS 1.2 only")
	c.Flags().BoolVar(&f.tls13, "tls13", false, "offer TLS 1.3 only")
	c.Flags().StringVar(&f.policy, "policy", "", "policy: modern or compatible")
	c.Flags().BoolVar(&f.json, "json", false, "print the handshake as one line of JSON before the data")
	c.Flags().BoolVarP(&f.quiet, "quiet", "q", false, "print the data only, and what goes wrong")
	c.Flags().BoolVar(&f.insecure, "insecure", false, "go on whatever the server's certificate is")
	c.Flags().DurationVar(&f.timeout, "timeout", 10*time.Second, "longest time for connecting and the handshake")
	c.MarkFlagsMutuallyExclusive("tls12", "tls13")
	c.MarkFlagFilename("ca")
	c.MarkFlagFilename("cert")
	c.MarkFlagFilename("key")
	return c
}

func (a *app) connect(ctx context.Context, f connectFlags, target string) error {
	addr, host := target, target
	if h, _, err := net.SplitHostPort(target); err == nil {
		host = h
	} else {
		host = strings.Trim(target, "[]")
		addr = net.JoinHostPort(host, "443")
	}
	config, err := f.newConfig(host)
	if err != nil {
		return &exitError{exitUsage, err}
	}
	limited, cancel := context.WithTimeout(ctx, f.timeout)
	defer cancel()
	raw, err := dial(limited, addr)
	if err != nil {
		return &exitError{exitNetwork, fmt.Errorf("%w\nno TCP connection, so there was no handshake", err)}
	}
	defer raw.Close()
	conn := tls.Client(raw, config)
	err = conn.HandshakeContext(limited)
	if shown := a.show(f, conn); shown != nil {
		return shown
	}
	if err != nil {
		if r := conn.Record(); r != nil && r.Failure != nil && !f.json {
			return &exitError{exitFailed, fmt.Errorf("the handshake failed: %w", r.Failure)}
		}
		return &exitError{exitFailed, err}
	}
	return a.join(ctx, conn)
}

// dial connects. Names below localhost are this computer's whatever a resolver
// says (RFC 6761, section 6.3).
func dial(ctx context.Context, addr string) (net.Conn, error) {
	if host, port, err := net.SplitHostPort(addr); err == nil && strings.HasSuffix(host, ".localhost") {
		addr = net.JoinHostPort("localhost", port)
	}
	return new(net.Dialer).DialContext(ctx, "tcp", addr)
}

func (f *connectFlags) newConfig(host string) (*tls.Config, error) {
	c := &tls.Config{
		ServerName: host, NextProtos: f.alpn, InsecureSkipVerify: f.insecure, Policy: f.policy,
		OnHandshake: func(*tls.Record) {}, // so that a record is kept
	}
	if f.sni != "" {
		c.ServerName = f.sni
	}
	switch {
	case f.tls12:
		c.MinVersion, c.MaxVersion = tls.VersionTLS12, tls.VersionTLS12
	case f.tls13:
		c.MinVersion, c.MaxVersion = tls.VersionTLS13, tls.VersionTLS13
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

// show prints the handshake to standard error, so that standard output has the
// data alone; as JSON, to standard output.
func (a *app) show(f connectFlags, conn *tls.Conn) error {
	r := conn.Record()
	if r == nil || f.quiet && !f.json {
		return nil
	}
	v := newView(r)
	if f.json {
		return json.NewEncoder(a.out).Encode(v)
	}
	v.tell(a.err, colorsFor(a.err))
	showChain(a.err, conn.ConnectionState())
	fmt.Fprintln(a.err)
	return nil
}

// tell prints the whole handshake.
func (v *view) tell(w io.Writer, c colors) {
	fmt.Fprintf(w, "Connected to %s.\n\n", v.Peer)
	for _, s := range v.Steps {
		fmt.Fprintf(w, "  %8.3f ms  %s\n", s.Millis, describeStep(s))
	}
	if o := v.Offered; o != nil {
		fmt.Fprintln(w, "\nOffered:")
		for _, row := range []struct {
			name   string
			values []string
		}{
			{"versions", o.Versions}, {"cipher suites", o.Suites}, {"groups", o.Groups}, {"key shares", o.KeyShares},
			{"signature schemes", o.Schemes}, {"alpn", o.Protocols},
		} {
			if len(row.values) > 0 {
				fmt.Fprintf(w, "  %-20s  %s\n", row.name, plain(strings.Join(row.values, ", ")))
			}
		}
	}
	fmt.Fprintln(w, "\nChoices:")
	for _, ch := range v.Choices {
		chosen := ch.Chosen
		if chosen == "" {
			chosen = c.red + "none" + c.off
		}
		fmt.Fprintf(w, "  %-20s  %s\n", ch.Topic, chosen)
		for _, r := range ch.Refused {
			fmt.Fprintf(w, "  %20s  %snot %s: %s%s\n", "", c.dim, r.Value, r.Why, c.off)
		}
	}
	for _, ch := range v.Checks {
		mark := c.green + "ok" + c.off
		if !ch.OK {
			mark = c.red + "NO" + c.off
		}
		fmt.Fprintf(w, "  %-20s  certificate %d: %s %s %s\n", "check", ch.Certificate, ch.Check, mark, plain(ch.Detail))
	}
	if f := v.Failure; f != nil {
		fmt.Fprintf(w, "\n%sIt failed: %s%s\n", c.red, f.Sentence, c.off)
		for _, row := range [][2]string{
			{"what", plain(f.Detail)}, {"ended by", f.By}, {"in state", f.State}, {"alert", alertText(f)}, {"see", f.Clause},
		} {
			if row[1] != "" {
				fmt.Fprintf(w, "  %-10s %s\n", row[0], row[1])
			}
		}
		return
	}
	kind := "full handshake"
	if v.Resumed {
		kind = "resumed session"
	}
	fmt.Fprintf(w, "\n%s%s%s, %s, %s, %s, %.1f ms\n", c.green, v.Version, c.off, v.Suite, v.Group, kind, v.Millis)
	if v.Protocol != "" {
		fmt.Fprintf(w, "Application protocol: %s\n", plain(v.Protocol))
	}
}

func alertText(f *failure) string {
	if f.Alert == "" {
		return ""
	}
	return fmt.Sprintf("%s (%d)", f.Alert, f.Number)
}

func describeStep(s step) string {
	switch s.Kind {
	case "received":
		return "<- " + s.Name
	case "sent":
		return "-> " + s.Name
	case "alert received":
		return "<- alert " + s.Name
	case "alert sent":
		return "-> alert " + s.Name
	case "state":
		return "   [" + s.Name + "]"
	}
	return "   (" + s.Kind + ": " + s.Name + ")"
}

func showChain(w io.Writer, s tls.ConnectionState) {
	for i, c := range s.PeerCertificates {
		fmt.Fprintf(w, "Certificate %d: %s\n", i, plain(c.Subject.String()))
		if len(c.DNSNames)+len(c.IPAddresses) > 0 {
			fmt.Fprintf(w, "  for     %s\n", plain(strings.Join(append(c.DNSNames, ips(c)...), ", ")))
		}
		fmt.Fprintf(w, "  issuer  %s\n  valid   %s to %s\n  key     %s, signed with %s\n", plain(c.Issuer.String()),
			c.NotBefore.Format(time.DateOnly), c.NotAfter.Format(time.DateOnly), c.PublicKeyAlgorithm, c.SignatureAlgorithm)
	}
}

func ips(c *x509.Certificate) (all []string) {
	for _, ip := range c.IPAddresses {
		all = append(all, ip.String())
	}
	return all
}

// join copies standard input to the server and its data to standard output,
// until the server closes or the program is interrupted.
func (a *app) join(ctx context.Context, conn *tls.Conn) error {
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	go func() {
		if _, err := io.Copy(conn, a.in); err == nil {
			conn.CloseWrite()
		}
	}()
	_, err := io.Copy(a.out, conn)
	switch {
	case err == nil || ctx.Err() != nil:
		return nil
	case errors.Is(err, io.ErrUnexpectedEOF):
		return &exitError{exitFailed, errors.New("the server closed the connection without close_notify: data may be missing")}
	}
	return &exitError{exitFailed, err}
}
