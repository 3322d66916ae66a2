package cli

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/handsel-tls/handsel/internal/serve/admin"
)

// bindCommand is what netsh http sslcert is on Windows.
func (a *app) bindCommand() *cobra.Command {
	c, s := a.adminCommand("bind", "Add, change, list, remove and test bindings, while the server runs",
		`bind says what is served where. A binding is bound to an IP address and port
(192.0.2.1:443, [2001:db8::1]:443), a host name and port (www.example.com:443,
*.example.com:443 for one label), or to all addresses (0.0.0.0:443, [::]:443). For
a connection they are looked up in this order: exact address, exact name,
wildcard name, folder of certificates (ccs=443), [::], 0.0.0.0.

A change is in force for the next connection, is there after a restart, and drops
nothing. Without a server the data folder is changed. Where nothing listens yet,
the server opens the port of a binding by itself.

Bindings of a configuration file are shown, and changed in the file.`,
		`  handsel bind add www.example.com:443 --cert www.example.com --site www
  handsel bind add one.localhost:8443 --cert local-ca
  handsel bind set www.example.com:443 --max-version 1.2 --http2=false
  handsel bind list
  handsel bind test --ip 192.0.2.1 --port 443 --sni www.example.com
  handsel bind remove www.example.com:443`)
	c.AddCommand(s.bindAdd(), s.bindSet(), s.bindList(), s.bindShow(), s.bindRemove(), s.bindTest(), s.bindSettings(), s.bindImport())
	return c
}

func (s *admins) bindAdd() *cobra.Command {
	c := &cobra.Command{
		Use:     "add binding",
		Short:   "Add a binding",
		Example: "  handsel bind add www.example.com:443 --cert 9f86d081 --site www",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return s.with(func(client *admin.Client) error {
				said, err := s.settingsOf(c.Flags(), bindSettings)
				if err != nil {
					return err
				}
				said["on"] = args[0]
				return s.bound(client, "POST", "/v1/bindings", said)
			})
		},
	}
	s.addBindFlags(c)
	return c
}

func (s *admins) bindSet() *cobra.Command {
	c := &cobra.Command{
		Use:   "set binding",
		Short: "Change settings of a binding; others stay",
		Long:  `set changes what flags name. An empty value (--policy "") stands for what a setting is by itself.`,
		Example: `  handsel bind set www.example.com:443 --cert 9f86d081
  handsel bind set www.example.com:443 --client-auth require --client-ca clients.pem`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: s.complete(bindingKeys),
		RunE: func(c *cobra.Command, args []string) error {
			return s.with(func(client *admin.Client) error {
				said, err := s.settingsOf(c.Flags(), bindSettings)
				if err != nil {
					return err
				}
				if len(said) == 0 {
					return &exitError{exitUsage, fmt.Errorf("nothing is to be changed: name a setting (handsel bind set --help)")}
				}
				return s.bound(client, "PATCH", path("/v1/bindings", args[0]), said)
			})
		},
	}
	s.addBindFlags(c)
	return c
}

// addBindFlags gives a command the settings of a binding, with completion.
func (s *admins) addBindFlags(c *cobra.Command) {
	addSettings(c, bindSettings)
	c.RegisterFlagCompletionFunc("policy", cobra.FixedCompletions([]string{"modern", "compatible", "legacy", "museum"}, cobra.ShellCompDirectiveNoFileComp))
	c.RegisterFlagCompletionFunc("client-auth", cobra.FixedCompletions([]string{"none", "request", "require"}, cobra.ShellCompDirectiveNoFileComp))
	c.RegisterFlagCompletionFunc("client-revocation", cobra.FixedCompletions([]string{"none", "best_effort", "strict"}, cobra.ShellCompDirectiveNoFileComp))
	c.RegisterFlagCompletionFunc("site", s.complete(siteNames))
	c.RegisterFlagCompletionFunc("cert", s.complete(certificateNames))
	versions := cobra.FixedCompletions([]string{"1.3", "1.2", "1.1", "1.0", "ssl3"}, cobra.ShellCompDirectiveNoFileComp)
	c.RegisterFlagCompletionFunc("min-version", versions)
	c.RegisterFlagCompletionFunc("max-version", versions)
}

// bound adds or changes a binding and prints it.
func (s *admins) bound(client *admin.Client, method, path string, said map[string]any) error {
	var b admin.Binding
	if err := client.Do(method, path, said, &b); err != nil {
		return err
	}
	s.print(b, func() {
		fmt.Fprintln(s.out, strings.ReplaceAll(s.line(&b), "\t", "  "))
		s.warn(b.Warnings)
	})
	s.offline(client)
	return nil
}

func (s *admins) bindList() *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List all bindings, with what will surprise somebody",
		Example: "  handsel bind list --json | jq '.bindings[].on'",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return s.with(func(client *admin.Client) error {
				var list admin.BindingList
				if err := client.Do("GET", "/v1/bindings?warnings=true", nil, &list); err != nil {
					return err
				}
				s.print(list, func() { s.bindTable(list.Bindings) })
				return nil
			})
		},
	}
}

func (s *admins) bindTable(list []admin.Binding) {
	if len(list) == 0 {
		fmt.Fprintln(s.err, "There are no bindings. Add one: handsel bind add www.example.com:443 --cert ... --site ...")
		return
	}
	w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	for i := range list {
		fmt.Fprintln(w, s.line(&list[i]))
	}
	w.Flush()
	said := map[string]bool{}
	for _, b := range list {
		for _, warning := range b.Warnings {
			if text := warning.Text; !said[text] {
				said[text] = true
				fmt.Fprintln(s.err, "note: "+plain(text))
			}
		}
	}
}

// line tells a binding in a line, with tabs between its parts.
func (s *admins) line(b *admin.Binding) string {
	what := []string{}
	for _, c := range b.Certificates {
		what = append(what, "cert "+short(c))
	}
	if b.Central != "" {
		what = append(what, "folder "+plain(b.Central))
	}
	if b.RawKey != "" {
		what = append(what, "raw key")
	}
	if b.PSKFile != "" {
		what = append(what, "pre-shared keys")
	}
	if b.Reject {
		what = append(what, "turned away")
	}
	site := ""
	if b.Site != "" {
		site = "site " + plain(b.Site)
	}
	parts := []string{b.On, strings.Join(what, ", "), site, strings.Join(settled(b), ", ")}
	if b.Origin == "file" {
		parts = append(parts, "(file)")
	}
	return strings.TrimRight(strings.Join(parts, "\t"), "\t ")
}

// short gives as much of a thumbprint as people need to tell it from others.
func short(certificate string) string {
	const digits = 12
	if len(certificate) == 64 && strings.Trim(certificate, "0123456789abcdef") == "" {
		return certificate[:digits]
	}
	return plain(certificate)
}

// settled says which settings of a binding are not what they are by themselves.
func settled(b *admin.Binding) (list []string) {
	add := func(set bool, text string) {
		if set {
			list = append(list, text)
		}
	}
	off := func(on *bool) bool { return on != nil && !*on }
	add(b.Policy != "", "policy "+b.Policy)
	add(b.MinVersion != "", "from "+b.MinVersion)
	add(b.MaxVersion != "", "up to "+b.MaxVersion)
	add(len(b.Suites) > 0, fmt.Sprintf("%d suites", len(b.Suites)))
	add(b.ClientAuth != "" && b.ClientAuth != "none", "client certificate: "+b.ClientAuth)
	add(b.Revocation != "" && b.Revocation != "none", "revocation: "+b.Revocation)
	add(off(b.UsageCheck), "no usage check")
	add(off(b.HTTP2), "no HTTP/2")
	add(off(b.Tickets), "no tickets")
	add(off(b.Stapling), "no stapling")
	add(off(b.Compression), "no certificate compression")
	add(b.Renegotiate, "renegotiation")
	add(b.RecordSize != 0, fmt.Sprintf("records up to %d bytes", b.RecordSize))
	add(b.EarlyData, "early data")
	add(b.SSL2, "SSL 2.0")
	return list
}

func (s *admins) bindShow() *cobra.Command {
	return &cobra.Command{
		Use:               "show binding",
		Short:             "Show a binding with its settings and warnings",
		Example:           "  handsel bind show www.example.com:443",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: s.complete(bindingKeys),
		RunE: func(_ *cobra.Command, args []string) error {
			return s.with(func(client *admin.Client) error {
				var b admin.Binding
				if err := client.Do("GET", path("/v1/bindings", args[0]), nil, &b); err != nil {
					return err
				}
				s.print(b, func() {
					s.showFields(b.Binding)
					s.warn(b.Warnings)
				})
				return nil
			})
		},
	}
}

func (s *admins) bindRemove() *cobra.Command {
	return &cobra.Command{
		Use:               "remove binding...",
		Short:             "Remove bindings; connections that they led somewhere go on",
		Example:           "  handsel bind remove www.example.com:443",
		Args:              cobra.MinimumNArgs(1),
		ValidArgsFunction: s.complete(bindingKeys),
		RunE: func(_ *cobra.Command, args []string) error {
			return s.with(func(client *admin.Client) error {
				for _, key := range args {
					if err := client.Do("DELETE", path("/v1/bindings", key), nil, nil); err != nil {
						return err
					}
				}
				s.offline(client)
				return nil
			})
		},
	}
}

func (s *admins) bindTest() *cobra.Command {
	var ip, sni string
	var port uint16
	c := &cobra.Command{
		Use:   "test --ip address --port port --sni name",
		Short: "Tell how a connection is led to its binding",
		Long: `test prints what each rule of the lookup finds for a connection to an address of
this computer, which record serves it, and which it hides.`,
		Example: "  handsel bind test --ip 192.0.2.1 --port 443 --sni www.example.com",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if _, err := netip.ParseAddr(ip); err != nil {
				return &exitError{exitUsage, fmt.Errorf("--ip: %q is no IP address", ip)}
			}
			return s.with(func(client *admin.Client) error {
				q := url.Values{"ip": {ip}, "port": {fmt.Sprint(port)}, "sni": {sni}}
				var l admin.Lookup
				if err := client.Do("GET", "/v1/lookup?"+q.Encode(), nil, &l); err != nil {
					return err
				}
				s.print(l, func() {
					fmt.Fprint(s.out, l.Text)
					if !l.Listens {
						fmt.Fprintf(s.err, "note: nothing listens on %s\n", l.Local)
					}
				})
				if l.Binding == "" || l.Rejected {
					return &exitError{exitFailed, nil}
				}
				return nil
			})
		},
	}
	c.Flags().StringVar(&ip, "ip", "127.0.0.1", "address that is connected to")
	c.Flags().Uint16Var(&port, "port", 443, "port that is connected to")
	c.Flags().StringVar(&sni, "sni", "", "name that the client sends")
	return c
}

// bindingKeys gives the keys of the bindings that can be changed.
func bindingKeys(c *admin.Client) (keys []string, err error) {
	var list admin.BindingList
	err = c.Do("GET", "/v1/bindings", nil, &list)
	for _, b := range list.Bindings {
		if b.Origin == "store" {
			keys = append(keys, b.On)
		}
	}
	return keys, err
}
