package cli

import (
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/handsel-tls/handsel/internal/serve/admin"
	"github.com/handsel-tls/handsel/internal/serve/sites"
)

var siteSettings = []setting{
	{"host", "hosts", listSetting, "host of requests, such as www.example.com or *.example.com; none: any"},
	{"path", "path", textSetting, "path that requests begin with (/)"},
	{"folder", "folder", pathSetting, "serve the files of a folder"},
	{"compress", "compress", boolSetting, "compress answers for clients that take it (on by itself with --folder)"},
	{"proxy", "proxy", listSetting, "pass requests on to a server, or to several, such as http://127.0.0.1:3000, https://10.0.0.5, h2c://127.0.0.1:50051"},
	{"proxy-ca", "proxy_ca", pathSetting, "PEM file of the authorities of an https proxy"},
	{"balance", "balance", textSetting, "which of several servers: round_robin or least_connections"},
	{"connect-within", "connect_within", textSetting, "longest time to connect to a server (10s)"},
	{"answer-within", "answer_within", textSetting, "longest time until an answer begins (1m)"},
	{"down-after", "down_after", numberSetting, "failures in a row until a server gets no requests for a while (3)"},
	{"down-for", "down_for", textSetting, "how long that is (10s)"},
	{"health-path", "health_path", textSetting, "ask each server for this path to find out whether it is well"},
	{"health-every", "health_every", textSetting, "how often (10s)"},
	{"health-within", "health_within", textSetting, "longest time for the answer (3s)"},
	{"send-proxy", "send_proxy", textSetting, "tell servers whose connection it is by the PROXY protocol: v1 or v2"},
	{"client-certificate-headers", "client_certificate_headers", boolSetting, "tell servers of the client's certificate"},
	{"redirect", "redirect", textSetting, "send clients elsewhere, such as https://www.example.com"},
	{"redirect-status", "redirect_status", numberSetting, "301, 302, 303, 307 or 308 (308)"},
}

// siteCommand works on what is served under hosts and paths.
func (a *app) siteCommand() *cobra.Command {
	c, s := a.adminCommand("site", "Add, change, list and remove sites, while the server runs",
		`site says what is served for which Host and path, once the connection stands: the
files of a folder, another server, or a redirect. Which certificate a client sees
is said by bindings.

A change is in force for the next request, and is there after a restart. Sites of a
configuration file are shown, and changed in the file.`,
		`  handsel site add www --host www.example.com --folder ./www
  handsel site add api --host www.example.com --path /api/ --proxy http://127.0.0.1:3000
  handsel site add shop --host shop.example.com --proxy http://10.0.0.1:3000,http://10.0.0.2:3000 --health-path /health
  handsel site set www --folder ./www-new
  handsel site list
  handsel site remove api`)
	c.AddCommand(s.siteAdd(), s.siteSet(), s.siteList(), s.siteShow(), s.siteRemove())
	return c
}

func (s *admins) siteAdd() *cobra.Command {
	c := &cobra.Command{
		Use:     "add name",
		Short:   "Add a site",
		Example: "  handsel site add www --host www.example.com --folder ./www",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			said, err := s.settingsOf(c.Flags(), siteSettings)
			if err != nil {
				return err
			}
			said["name"] = args[0]
			return s.with(func(client *admin.Client) error { return s.sited(client, "POST", "/v1/sites", said) })
		},
	}
	addSettings(c, siteSettings)
	completeSite(c)
	return c
}

func (s *admins) siteSet() *cobra.Command {
	c := &cobra.Command{
		Use:               "set name",
		Short:             "Change a site; what is not named stays",
		Example:           "  handsel site set www --folder= --proxy http://127.0.0.1:3000",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: s.complete(siteNames),
		RunE: func(c *cobra.Command, args []string) error {
			said, err := s.settingsOf(c.Flags(), siteSettings)
			if err != nil {
				return err
			}
			if len(said) == 0 {
				return &exitError{exitUsage, errors.New("nothing is to be changed: name a setting (handsel site set --help)")}
			}
			return s.with(func(client *admin.Client) error { return s.sited(client, "PATCH", path("/v1/sites", args[0]), said) })
		},
	}
	addSettings(c, siteSettings)
	completeSite(c)
	return c
}

// completeSite completes the settings that are one of a few words.
func completeSite(c *cobra.Command) {
	for flag, words := range map[string][]string{
		"balance": {"round_robin", "least_connections"}, "send-proxy": {"v1", "v2"}, "redirect-status": {"301", "302", "303", "307", "308"},
	} {
		c.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
	}
	c.MarkFlagDirname("folder")
	c.MarkFlagFilename("proxy-ca", "pem", "crt")
}

// sited adds or changes a site and prints it.
func (s *admins) sited(client *admin.Client, method, path string, said map[string]any) error {
	var site admin.Site
	if err := client.Do(method, path, said, &site); err != nil {
		return err
	}
	s.print(site, func() { fmt.Fprintln(s.out, strings.ReplaceAll(siteLine(&site), "\t", "  ")) })
	s.offline(client)
	return nil
}

// siteLine tells a site in a line, with tabs between its parts.
func siteLine(s *admin.Site) string {
	hosts, path := strings.Join(s.Hosts, ", "), s.Path
	if hosts == "" {
		hosts = "any host"
	}
	if path == "" {
		path = "/"
	}
	what := "folder " + s.Folder
	switch {
	case len(s.Proxy) > 0:
		what = "proxy " + strings.Join(s.Proxy, ", ")
	case s.Redirect != "":
		what = "redirect " + s.Redirect
	}
	line := strings.Join([]string{plain(s.Name), plain(hosts), plain(path), plain(what)}, "\t")
	if s.Origin == "file" {
		line += "\t(file)"
	}
	return line
}

// backendLine tells how a server behind fares.
func backendLine(b *sites.BackendState) string {
	line := plain(b.URL) + " gets requests"
	if !b.Up {
		line = plain(b.URL) + " gets none"
	}
	if b.Sick {
		line += ", is not well"
	}
	if b.Failures > 0 {
		line += fmt.Sprintf(", failed %d times in a row", b.Failures)
	}
	return line + fmt.Sprintf(", has %d under way", b.Busy)
}

func (s *admins) siteList() *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List all sites",
		Example: "  handsel site list --json",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return s.with(func(client *admin.Client) error {
				var list admin.SiteList
				if err := client.Do("GET", "/v1/sites", nil, &list); err != nil {
					return err
				}
				s.print(list, func() {
					w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
					for i := range list.Sites {
						fmt.Fprintln(w, siteLine(&list.Sites[i]))
					}
					w.Flush()
				})
				return nil
			})
		},
	}
}

func (s *admins) siteShow() *cobra.Command {
	return &cobra.Command{
		Use:               "show name",
		Short:             "Show a site, and the bindings that name it",
		Example:           "  handsel site show www",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: s.complete(siteNames),
		RunE: func(_ *cobra.Command, args []string) error {
			return s.with(func(client *admin.Client) error {
				var site admin.Site
				if err := client.Do("GET", path("/v1/sites", args[0]), nil, &site); err != nil {
					return err
				}
				s.print(site, func() {
					s.showFields(site.Site)
					for _, b := range site.Backends {
						fmt.Fprintln(s.out, "server: "+backendLine(&b))
					}
					for _, b := range site.Bindings {
						fmt.Fprintln(s.out, "binding: "+b)
					}
				})
				return nil
			})
		},
	}
}

func (s *admins) siteRemove() *cobra.Command {
	return &cobra.Command{
		Use:               "remove name...",
		Short:             "Remove sites, if no binding names them",
		Example:           "  handsel site remove api",
		Args:              cobra.MinimumNArgs(1),
		ValidArgsFunction: s.complete(siteNames),
		RunE: func(_ *cobra.Command, args []string) error {
			return s.with(func(client *admin.Client) error {
				for _, name := range args {
					if err := client.Do("DELETE", path("/v1/sites", name), nil, nil); err != nil {
						return err
					}
				}
				s.offline(client)
				return nil
			})
		},
	}
}

// siteNames gives the names of all sites.
func siteNames(c *admin.Client) (names []string, err error) {
	var list admin.SiteList
	err = c.Do("GET", "/v1/sites", nil, &list)
	for _, s := range list.Sites {
		names = append(names, s.Name)
	}
	return names, err
}
