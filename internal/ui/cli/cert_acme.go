package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/handsel-tls/handsel/internal/serve/admin"
	"github.com/handsel-tls/handsel/internal/serve/config"
)

func (s *admins) certACME() *cobra.Command {
	var set config.ACME
	c := &cobra.Command{
		Use:   "acme --agree --email address",
		Short: "Say which authority issues certificates by itself (ACME)",
		Long: `acme says which certificate authority issues certificates for bindings with --cert
acme, and renews them: Let's Encrypt, or the one whose directory is named. It issues
nothing to those who have not agreed to its terms. Without flags, acme prints what
was said.

The authority looks at port 80 (HTTP-01) or 443 (TLS-ALPN-01) of each name: the
names have to lead here, and the server has to be reached at one of the two.`,
		Example: `  handsel cert acme --agree --email you@example.com
  handsel bind add www.example.com:443 --cert acme --site www`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return s.with(func(client *admin.Client) (err error) {
				if c.Flags().Changed("agree") || c.Flags().Changed("email") || c.Flags().Changed("directory") || c.Flags().Changed("roots") {
					if set.Roots != "" {
						if set.Roots, err = s.file(set.Roots); err != nil {
							return err
						}
					}
					err = client.Do("PUT", "/v1/acme", set, &set)
					defer s.offline(client)
				} else {
					err = client.Do("GET", "/v1/acme", nil, &set)
				}
				if err == nil {
					s.print(set, func() { s.showACME(&set) })
				}
				return err
			})
		},
	}
	c.Flags().BoolVar(&set.Agree, "agree", false, "agree to the terms of the authority")
	c.Flags().StringVar(&set.Email, "email", "", "address that the authority may write to")
	c.Flags().StringVar(&set.Directory, "directory", "", "URL of another authority's directory")
	c.Flags().StringVar(&set.Roots, "roots", "", "PEM file of who vouches for that authority's own server")
	return c
}

func (s *admins) showACME(set *config.ACME) {
	if !set.Agree {
		fmt.Fprintln(s.err, "Nobody has agreed to the terms of an authority: none issues anything.")
		return
	}
	if set.Directory == "" {
		fmt.Fprintln(s.out, "directory: that of Let's Encrypt")
	}
	s.showFields(*set)
}
