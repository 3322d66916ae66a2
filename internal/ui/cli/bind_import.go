package cli

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/handsel-tls/handsel/internal/serve/admin"
	"github.com/handsel-tls/handsel/internal/serve/bindings"
	"github.com/handsel-tls/handsel/internal/serve/netsh"
)

// An importing is what bind import-netsh was told.
type importing struct {
	central, password string
	clientCAs         []string
	site              string
	ignore            bool
}

// An imported is what became of one record.
type imported struct {
	On    string   `json:"on"`
	Line  int      `json:"line"`
	Added bool     `json:"added"`
	Why   string   `json:"why,omitempty"` // it was not added
	Notes []string `json:"notes,omitempty"`
}

func (s *admins) bindImport() *cobra.Command {
	var i importing
	c := &cobra.Command{
		Use:   "import-netsh file",
		Short: "Add the bindings that netsh http show sslcert has printed on Windows",
		Long: `import-netsh reads what "netsh http show sslcert" prints, from a file or with - from
standard input, and adds each binding with the settings that it can keep. Import the
certificates first (handsel cert import): they are found by their SHA-1 thumbprints.
A binding that would let in more than it did on Windows is left out, and it is said
why. What is there already stays as it is.`,
		Example: `  netsh http show sslcert > bindings.txt              (on Windows)
  handsel cert import www.pfx --password-file password.txt
  handsel bind import-netsh bindings.txt --site www`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			text, err := s.contents(args[0])
			if err != nil {
				return &exitError{exitUsage, err}
			}
			records, err := netsh.Parse(text)
			if err != nil {
				return &exitError{exitUsage, fmt.Errorf("%s: %w", args[0], err)}
			}
			return s.with(func(client *admin.Client) error { return s.importNetsh(client, &i, records) })
		},
	}
	f := c.Flags()
	f.StringVar(&i.site, "site", "", "site of all of them, for requests whose Host leads to none")
	f.StringVar(&i.central, "central", "", "folder of the central certificate store, for ccs=PORT")
	f.StringVar(&i.password, "central-password-file", "", "file with the password of the certificates in it")
	f.StringSliceVar(&i.clientCAs, "client-ca", nil, "PEM files of authorities, for bindings that ask clients for a certificate")
	f.BoolVar(&i.ignore, "ignore-settings", false, "take key and certificate alone of what is not in English")
	c.MarkFlagDirname("central")
	c.RegisterFlagCompletionFunc("site", s.complete(siteNames))
	return c
}

// contents reads a file, or standard input.
func (s *admins) contents(name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(s.in)
	}
	return readFile(name)
}

func (s *admins) importNetsh(client *admin.Client, i *importing, records []netsh.Record) error {
	var list []imported
	left := 0
	for _, r := range records {
		one := imported{On: r.Binding.On, Line: r.Line, Notes: r.Notes}
		b, err := s.addImported(client, i, &r)
		if err != nil {
			var refused *admin.Error
			if errors.As(err, &refused) || errors.Is(err, errLeftOut) {
				one.Why, left = err.Error(), left+1
			} else {
				return err
			}
		} else {
			one.Added = true
			for _, w := range b.Warnings {
				one.Notes = append(one.Notes, w.Text)
			}
		}
		list = append(list, one)
	}
	s.print(list, func() {
		for _, one := range list {
			if !one.Added {
				fmt.Fprintf(s.err, "left out: %s (line %d): %s\n", one.On, one.Line, plain(one.Why))
				continue
			}
			fmt.Fprintln(s.out, one.On)
			for _, n := range one.Notes {
				fmt.Fprintf(s.err, "note: %s: %s\n", one.On, plain(n))
			}
		}
	})
	s.offline(client)
	if left > 0 {
		return &exitError{exitFailed, fmt.Errorf("%d of %d bindings were left out", left, len(list))}
	}
	return nil
}

// errLeftOut begins the reason why a binding was not even tried.
var errLeftOut = errors.New("it is not taken over")

// addImported adds one record.
func (s *admins) addImported(client *admin.Client, i *importing, r *netsh.Record) (*admin.Binding, error) {
	b := r.Binding
	if r.Wrong != "" {
		return nil, fmt.Errorf("%w: %s", errLeftOut, r.Wrong)
	}
	if r.Foreign && !i.ignore {
		return nil, fmt.Errorf("%w: the labels are not English, so that its settings cannot be told: have netsh print it on an English Windows, or take key and certificate alone with --ignore-settings", errLeftOut)
	}
	key, err := bindings.ParseKey(b.On)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errLeftOut, err)
	}
	switch {
	case len(b.Certificates) > 0 || b.Reject:
	case r.Scoped:
		return nil, fmt.Errorf("%w: it is for one name of the central store: have the certificate of that name in the folder of ccs=%d (--central)", errLeftOut, key.Port())
	case key.Kind() != bindings.KindCentral:
		return nil, fmt.Errorf("%w: it names no certificate", errLeftOut)
	default:
		if i.central == "" {
			return nil, fmt.Errorf("%w: its certificates are in the central store: name a copy of that folder with --central", errLeftOut)
		}
		if b.Central, err = s.file(i.central); err == nil && i.password != "" {
			b.CentralPass, err = s.file(i.password)
		}
		if err != nil {
			return nil, err
		}
	}
	if r.ClientAuth {
		if len(i.clientCAs) == 0 {
			return nil, fmt.Errorf("%w: it asks clients for a certificate: name the PEM files of the authorities with --client-ca", errLeftOut)
		}
		b.ClientAuth = "request"
		for _, name := range i.clientCAs {
			abs, err := s.file(name)
			if err != nil {
				return nil, err
			}
			b.ClientCAs = append(b.ClientCAs, abs)
		}
	}
	b.Site = i.site
	var added admin.Binding
	return &added, client.Do("POST", "/v1/bindings", b, &added)
}
