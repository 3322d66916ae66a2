package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/handsel-tls/handsel/internal/serve/assemble"
	"github.com/handsel-tls/handsel/internal/serve/config"
)

type serveFlags struct {
	config, data string
	check, json  bool
	drain        time.Duration
	port         uint16
	httpPort     uint16
	webListen    string
	admin        config.Admin
}

func (a *app) serveCommand() *cobra.Command {
	var f serveFlags
	c := &cobra.Command{
		Use:   "serve",
		Short: "Host HTTPS sites and show every handshake",
		Long: `serve hosts the sites of a configuration file, and what was added with handsel
bind, cert and site, which work while it runs. Without a file and with nothing
added it makes a data folder with a certificate authority of its own and two
example sites, and says how to see them.

A page shows handshakes as they happen, on an address of this computer; it is
printed with the token that one needs to open it. Each handshake is a line, too:
time, peer, server name, version, cipher suite, group, full or resumed, duration;
one that failed says why, and below what would have worked or what the peer
probably did not like. handsel log shows the failures later.
Requests are written down where access_log of the configuration says.

SIGHUP reads the configuration again: nothing that runs is dropped, and a file
with a mistake changes nothing. SIGTERM and Ctrl-C let requests finish; a second
Ctrl-C does not.`,
		Example: `  handsel serve
  handsel serve --config handsel.yaml
  handsel serve --config handsel.yaml --check
  handsel serve --json | jq 'select(.failure)'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.serve(cmd.Context(), f) },
	}
	c.Flags().StringVarP(&f.config, "config", "c", "", "configuration file (handsel.yaml)")
	c.Flags().StringVar(&f.data, "data", "", "data folder (default: handsel in the user's configuration folder)")
	c.Flags().BoolVar(&f.check, "check", false, "check the configuration, and serve nothing")
	c.Flags().BoolVar(&f.json, "json", false, "print handshakes as JSON, one a line")
	c.Flags().DurationVar(&f.drain, "drain", 10*time.Second, "longest time for requests to finish at the end")
	c.Flags().Uint16Var(&f.port, "port", 8443, "port of the example sites")
	c.Flags().Uint16Var(&f.httpPort, "http-port", 8080, "port of the example sites over plain HTTP")
	c.Flags().StringVar(&f.webListen, "web-listen", defaultPage, "address of the page that shows handshakes, "+noPage+" for no page")
	c.Flags().StringVar(&f.admin.Listen, "admin-listen", "", "address of the admin API over TLS, for those who show a certificate of --admin-client-ca; it is on a socket in the data folder anyway")
	c.Flags().StringSliceVar(&f.admin.ClientCAs, "admin-client-ca", nil, "PEM files of certificates, or of their authorities, whose owners may do everything")
	c.MarkFlagFilename("config", "yaml", "yml")
	c.MarkFlagDirname("data")
	return c
}

func (a *app) serve(ctx context.Context, f serveFlags) error {
	hangup := make(chan os.Signal, 1) // from now on: it would end the program
	notifyHangup(hangup)
	defer signal.Stop(hangup)
	dir, err := dataDir(f.data)
	if err != nil {
		return err
	}
	if f.check {
		return a.checkConfig(f, dir)
	}
	spareCollections()
	data, err := assemble.Open(dir)
	if err != nil {
		return &exitError{exitUsage, err}
	}
	defer data.Close()
	load, err := a.loader(f, data)
	if err != nil {
		return &exitError{exitUsage, err}
	}
	s := a.newServing(f, data)
	defer s.close()
	plan, err := s.start(load)
	if err != nil {
		return err
	}
	if err := s.open(plan); err != nil {
		return err
	}
	s.events.certificates(ctx, data, s.estate, a.err)
	go s.estate.Study(ctx)
	return s.run(ctx, hangup)
}

// loader gives what reads the configuration: the file that was named, or the
// example if nobody has added anything to the store, or none.
func (a *app) loader(f serveFlags, data *assemble.Data) (func() (*config.File, error), error) {
	if f.config != "" {
		return func() (*config.File, error) { return config.Load(f.config) }, nil
	}
	if all, err := data.Parts.All(); err != nil || !all.Empty() {
		return nil, err
	}
	return func() (*config.File, error) { return assemble.Example(data, f.port, f.httpPort) }, nil
}

// checkConfig is serve --check. A server may be running with the same data.
func (a *app) checkConfig(f serveFlags, dir string) error {
	if f.config == "" {
		return &exitError{exitUsage, errors.New("--check needs the file to check: handsel serve --check --config handsel.yaml")}
	}
	data, err := assemble.OpenToCheck(dir)
	if err != nil {
		return &exitError{exitUsage, err}
	}
	defer data.Close()
	file, err := config.Load(f.config)
	if err != nil {
		return &exitError{exitUsage, err}
	}
	plan, err := assemble.FromFile(file, data)
	if err != nil {
		return &exitError{exitUsage, err}
	}
	a.notes(f, plan)
	fmt.Fprintf(a.out, "%s is in order. Bindings: %d. Listens on: %s.\n", f.config, plan.Setup.Table.Len(), listeningOn(plan))
	return nil
}

func listeningOn(plan *assemble.Plan) string {
	var all []string
	for _, addr := range plan.Setup.HTTPS {
		all = append(all, "https "+addr.String())
	}
	for _, addr := range plan.Setup.HTTP {
		all = append(all, "http "+addr.String())
	}
	return strings.Join(all, ", ")
}

// isExample reports whether the example is served: there is neither a file nor
// anything in the store.
func (a *app) isExample(f serveFlags, plan *assemble.Plan) bool {
	return f.config == "" && len(plan.File().Sites) > 0
}

// notes says what is unwise in a configuration. In the example it is meant.
func (a *app) notes(f serveFlags, plan *assemble.Plan) {
	if a.isExample(f, plan) {
		return
	}
	for _, n := range plan.Notices {
		fmt.Fprintln(a.err, "note: "+n)
	}
}

func dataDir(dir string) (string, error) {
	if dir != "" {
		return dir, nil
	}
	base, err := os.UserConfigDir()
	if err != nil {
		return "", &exitError{exitUsage, fmt.Errorf("no data folder: %w; name one with --data", err)}
	}
	return filepath.Join(base, "handsel"), nil
}

// welcome says what to type. It goes to standard error, so that standard output
// holds handshakes only.
func (a *app) welcome(f serveFlags, data *assemble.Data, plan *assemble.Plan) {
	if data.MadeCA {
		fmt.Fprintf(a.err, "Made a certificate authority of your own: %s.\nNothing trusts it until you say so. To have it trusted:\n\n", data.CA.File())
		for _, t := range data.CA.Trust("") {
			fmt.Fprintf(a.err, "  %s\n", t.System)
			for _, command := range t.Trust {
				fmt.Fprintf(a.err, "    %s\n", command)
			}
		}
		fmt.Fprintln(a.err)
	}
	if f.config != "" {
		fmt.Fprintf(a.err, "Serving %s: %s.\nHandshakes follow; Ctrl-C ends.\n\n", f.config, listeningOn(plan))
		return
	}
	if !a.isExample(f, plan) {
		fmt.Fprintf(a.err, "Serving what was added to %s: %s.\nHandshakes follow; Ctrl-C ends.\n\n", data.Dir, listeningOn(plan))
		return
	}
	fmt.Fprint(a.err, "Two sites on one address and port. Try:\n\n")
	names, ca := assemble.ExampleNames(), shellQuote(data.CA.File())
	for _, host := range names {
		fmt.Fprintf(a.err, "  curl --cacert %s https://%s:%d/\n", ca, host, f.port)
	}
	fmt.Fprintf(a.err, "  curl http://%s:%d/\n", names[0], f.httpPort)
	fmt.Fprintf(a.err, "  curl --cacert %s --tls-max 1.1 https://%s:%d/      (a failure)\n\n", ca, names[0], f.port)
	fmt.Fprintf(a.err, "The configuration is in %s: copy it, change it, and serve it with --config.\nHandshakes follow; Ctrl-C ends.\n\n", filepath.Join(data.Dir, "example.yaml"))
}

// shellQuote makes one word of a path for a shell.
func shellQuote(s string) string {
	if !strings.ContainsFunc(s, func(r rune) bool {
		return !strings.ContainsRune("/._-+:@%", r) && !unicode.IsLetter(r) && !unicode.IsDigit(r)
	}) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
