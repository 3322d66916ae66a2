package cli

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/handsel-tls/handsel/internal/serve/admin"
	"github.com/handsel-tls/handsel/internal/serve/assemble"
	"github.com/handsel-tls/handsel/internal/serve/certs"
	"github.com/handsel-tls/handsel/internal/serve/config"
	"github.com/handsel-tls/handsel/internal/serve/store"
)

// applyCommand makes the store equal to a file.
func (a *app) applyCommand() *cobra.Command {
	s := &admins{app: a}
	var file string
	var dry, yes bool
	c := &cobra.Command{
		Use:   "apply -f file",
		Short: "Make the store equal to a file, while the server runs",
		Long: `apply takes a file as handsel serve --config does, and has the store hold what
stands there and nothing else: bindings, sites, certificates, where to listen. It
shows the difference first, and at a terminal asks. Either all of it comes about or
nothing; a second time there is no difference.

Certificates that the file no longer names stay in the store.`,
		Example: `  handsel apply -f sites.yaml --dry-run
  handsel apply -f sites.yaml`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			application, err := applicationOf(file)
			if err != nil {
				return &exitError{exitUsage, err}
			}
			return s.with(func(client *admin.Client) error { return s.apply(client, application, dry, yes) })
		},
	}
	c.Flags().StringVarP(&file, "file", "f", "", "file in the form of handsel.yaml")
	c.Flags().BoolVar(&dry, "dry-run", false, "only show the difference")
	c.Flags().BoolVar(&yes, "yes", false, "do not ask")
	s.shared(c.Flags())
	c.MarkFlagRequired("file")
	c.MarkFlagFilename("file", "yaml", "yml")
	return c
}

func (s *admins) apply(client *admin.Client, a *admin.Application, dry, yes bool) error {
	var done admin.Applied
	a.DryRun = true
	if err := client.Do("POST", "/v1/apply", a, &done); err != nil {
		return err
	}
	if !s.json {
		s.differences(&done)
	}
	if len(done.Differences) > 0 && !dry {
		if !yes && !s.json && !s.agreed() {
			return &exitError{exitFailed, errors.New("nothing was changed")}
		}
		a.DryRun = false
		if err := client.Do("POST", "/v1/apply", a, &done); err != nil {
			return err
		}
	}
	s.print(done, func() { s.warn(done.Warnings) })
	if done.Done {
		s.offline(client)
	}
	return nil
}

// agreed asks at a terminal. Where nobody can answer, the command was the answer.
func (s *admins) agreed() bool {
	f, ok := s.in.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return true
	}
	fmt.Fprint(s.err, "Do that? [y/N] ")
	line, _ := bufio.NewReader(f).ReadString('\n')
	return strings.HasPrefix(strings.ToLower(strings.TrimSpace(line)), "y")
}

// differences prints what would change: +, ~ and - as in a comparison of texts.
func (s *admins) differences(done *admin.Applied) {
	if len(done.Differences) == 0 {
		fmt.Fprintln(s.out, "The store is as the file says.")
		return
	}
	color := colorsFor(s.out)
	signs := map[string]string{"add": color.green + "+", "change": color.yellow + "~", "remove": color.red + "-"}
	for _, d := range done.Differences {
		fmt.Fprintf(s.out, "%s %s %s%s\n", signs[d.Action], d.Kind, plain(d.Name), color.off)
		for _, f := range d.Fields {
			switch {
			case d.Action == "add" && (f.Key == "on" || f.Key == "name"):
			case f.Before == "":
				fmt.Fprintf(s.out, "    %s: %s\n", f.Key, plain(f.After))
			case f.After == "":
				fmt.Fprintf(s.out, "    %s: %s is taken away\n", f.Key, plain(f.Before))
			default:
				fmt.Fprintf(s.out, "    %s: %s -> %s\n", f.Key, plain(f.Before), plain(f.After))
			}
		}
	}
}

// applicationOf reads a file in the form of handsel.yaml. The server does not
// read it: paths become absolute, and files of certificates are sent.
func applicationOf(file string) (*admin.Application, error) {
	f, err := config.Load(file)
	if err != nil {
		return nil, err
	}
	if len(f.ECH) > 0 {
		return nil, f.Wrong("$.ech", "keys for Encrypted Client Hello are not kept in the store: leave ech to the file of handsel serve --config")
	}
	if f.Events != (config.Events{}) {
		return nil, f.Wrong("$.events", "what the event log keeps is not kept in the store: leave events to the file of handsel serve --config")
	}
	if f.Admin != nil {
		return nil, f.Wrong("$.admin", "where the admin API is to be had is not kept in the store: leave admin to the file of handsel serve --config")
	}
	a := &admin.Application{Contents: store.Contents{
		Settings: store.Settings{Listen: f.Listen, NoMatch: f.NoMatch, Default: f.Default, ACME: f.ACME, AccessLog: f.AccessLog}, Bindings: f.Bindings, Sites: f.Sites,
	}}
	if err := f.MakeAbsolute(); err != nil {
		return nil, err
	}
	for i, c := range f.Certificates {
		one := admin.Supplied{Name: c.Name, Is: c.Thumbprint, Signer: c.Signer}
		if len(c.LocalCA) > 0 {
			one.Is = assemble.LocalCA + strings.Join(c.LocalCA, ",")
		}
		if c.ACME != "" {
			one.Is = assemble.IssuedByACME + c.ACME
		}
		if c.Staple != "" {
			return nil, f.Wrong(fmt.Sprintf("$.certificates[%d].staple", i), "OCSP responses are not kept in the store: leave out staple")
		}
		for _, name := range c.Files {
			data, err := readFile(f.Abs(name))
			if err != nil {
				return nil, f.Wrong(fmt.Sprintf("$.certificates[%d].files", i), "%v", err)
			}
			one.Files = append(one.Files, certs.Source{Name: name, Data: data})
		}
		a.Certificates = append(a.Certificates, one)
	}
	return a, nil
}
