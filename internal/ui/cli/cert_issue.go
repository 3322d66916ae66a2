package cli

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/handsel-tls/handsel/internal/serve/admin"
)

func (s *admins) certIssue() *cobra.Command {
	var i admin.Issuance
	var out string
	c := &cobra.Command{
		Use:   "issue name...",
		Short: "Have the local CA issue a certificate, for development",
		Long: `issue makes a certificate for host names and addresses, signed by the certificate
authority of the data folder, which only those trust who have been told to. It is
in the store, where bindings find it, and with --out in a file as well, with its key.
If there is one for the same names that is good, it is given again.

With --client it is for a client, that is called so; it goes into the file of --out
and nowhere else.`,
		Example: `  handsel cert issue dev.example.com '*.dev.example.com' 127.0.0.1
  handsel cert issue dev.example.com --out dev.pem
  handsel cert issue --client alice --out alice.pem`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, names []string) error {
			if i.Client && out == "" {
				return &exitError{exitUsage, errors.New("a private key is not printed: name a file with --out")}
			}
			i.Names, i.Key = names, out != ""
			return s.with(func(client *admin.Client) error {
				var c admin.IssuedCertificate
				if err := client.Do("POST", "/v1/issue", i, &c); err != nil {
					return err
				}
				if out != "" {
					if err := writeNew(out, c.Data); err != nil {
						return err
					}
				}
				s.issued(&c)
				return nil
			})
		},
	}
	c.Flags().BoolVar(&i.Client, "client", false, "for a client")
	c.Flags().StringVar(&out, "out", "", "file to write certificate and key to, as PEM: a new one, which only you can read")
	return c
}

// issued tells of a certificate that there was not before. A key that came with it is
// not printed.
func (s *admins) issued(c *admin.IssuedCertificate) {
	c.Data = nil
	s.print(c, func() {
		fmt.Fprintln(s.out, c.Thumbprint)
		fmt.Fprintf(s.err, "It is good until %s.\n", c.NotAfter.Format(time.DateTime))
	})
}

func (s *admins) certRenew() *cobra.Command {
	return &cobra.Command{
		Use:   "renew certificate",
		Short: "Have another certificate be issued in place of one",
		Long: `renew is for certificates that the local CA has issued, and with acme:NAME for those
that an authority issues by itself: both are renewed in time anyway. Bindings name
the new one at once. Certificates that came from elsewhere are renewed there, and
imported with handsel cert import --replace.`,
		Example: `  handsel cert renew dev.example.com
  handsel cert renew acme:www.example.com`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: s.complete(certificateNames),
		RunE: func(_ *cobra.Command, args []string) error {
			return s.with(func(client *admin.Client) error {
				var c admin.IssuedCertificate
				if err := client.Do("POST", path("/v1/certificates", args[0], "renew"), nil, &c); err != nil {
					return err
				}
				s.issued(&c)
				return nil
			})
		},
	}
}
