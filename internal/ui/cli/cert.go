package cli

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/handsel-tls/handsel/internal/serve/assemble"
	"github.com/handsel-tls/handsel/internal/serve/certs"
)

// certCommand fills and shows the store in which a configuration finds
// certificates by thumbprint.
func (a *app) certCommand() *cobra.Command {
	var dir string
	c := &cobra.Command{
		Use:   "cert",
		Short: "Import certificates into the store, and list them",
		Long: `cert works on the certificate store in the data folder, from which handsel.yaml
takes certificates by thumbprint. A server that runs has the store open: end it
first.`,
		Example: `  handsel cert import shop.pem shop.key
  handsel cert list`,
	}
	c.PersistentFlags().StringVar(&dir, "data", "", "data folder (default: handsel in the user's configuration folder)")
	c.MarkFlagDirname("data")
	c.AddCommand(a.certImportCommand(&dir), a.certListCommand(&dir))
	return c
}

func (a *app) certImportCommand(dir *string) *cobra.Command {
	return &cobra.Command{
		Use:     "import file...",
		Short:   "Import a certificate, its chain and its key from PEM files",
		Example: "  handsel cert import shop.pem shop.key",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, files []string) error {
			return a.withStore(*dir, func(s *certs.Store) error {
				info, notices, err := s.AddFiles(files...)
				if err != nil {
					return err
				}
				for _, n := range notices {
					fmt.Fprintln(a.err, "note: "+n.String())
				}
				fmt.Fprintln(a.out, info.Thumbprint)
				return nil
			})
		},
	}
}

func (a *app) certListCommand(dir *string) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:     "list",
		Short:   "List the certificates of the store, those that expire first in front",
		Example: "  handsel cert list --json",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return a.withStore(*dir, func(s *certs.Store) error {
				list, err := s.List()
				if err != nil {
					return err
				}
				if asJSON {
					return json.NewEncoder(a.out).Encode(list)
				}
				for _, c := range list {
					fmt.Fprintf(a.out, "%s  until %s  %-12s  %s\n", c.Thumbprint, c.NotAfter.Format(time.DateOnly), c.Key, plain(fmt.Sprint(c.Names)))
				}
				return nil
			})
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

// withStore opens the store for a command.
func (a *app) withStore(dir string, do func(*certs.Store) error) error {
	dir, err := dataDir(dir)
	if err != nil {
		return err
	}
	data, err := assemble.Open(dir)
	if err == nil {
		defer data.Close()
		err = do(data.Store)
	}
	if err != nil {
		return &exitError{exitFailed, err}
	}
	return nil
}
