package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/handsel-tls/handsel/internal/serve/admin"
)

func (s *admins) bindSettings() *cobra.Command {
	var set admin.Settings
	c := &cobra.Command{
		Use:   "settings",
		Short: "Show or change where the server listens, and what becomes of what nothing is bound to",
		Long: `settings has without flags what the store says. With --no-match, a connection that no
binding is for is reset (which is what HTTP.SYS does), gets the alert
unrecognized_name, or is led to the binding of --default. Without --listen the ports
of bindings are opened by themselves. An empty value stands for what a setting is by
itself.`,
		Example: `  handsel bind settings
  handsel bind settings --no-match unrecognized_name
  handsel bind settings --no-match default --default 0.0.0.0:443
  handsel bind settings --listen 192.0.2.1:443 --listen-http 192.0.2.1:80 --redirect-http`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return s.with(func(client *admin.Client) error {
				var now admin.Settings
				if err := client.Do("GET", "/v1/settings", nil, &now); err != nil {
					return err
				}
				said, listen, changed := map[string]any{}, now.Listen, false
				for flag, take := range map[string]func(){
					"no-match":      func() { said["no_match"] = orNull(set.NoMatch) },
					"default":       func() { said["default"] = orNull(set.Default) },
					"listen":        func() { listen.HTTPS = some(set.Listen.HTTPS) },
					"listen-http":   func() { listen.HTTP = some(set.Listen.HTTP) },
					"redirect-http": func() { listen.RedirectHTTP = set.Listen.RedirectHTTP },
				} {
					if c.Flags().Changed(flag) {
						take()
						changed = true
					}
				}
				if changed {
					said["listen"] = listen
					if err := client.Do("PATCH", "/v1/settings", said, &now); err != nil {
						return err
					}
					defer s.offline(client)
				}
				s.print(now, func() { s.showSettings(&now) })
				return nil
			})
		},
	}
	c.Flags().StringVar(&set.NoMatch, "no-match", "", "reset, unrecognized_name or default")
	c.Flags().StringVar(&set.Default, "default", "", "binding for --no-match default")
	c.Flags().StringSliceVar(&set.Listen.HTTPS, "listen", nil, "addresses and ports for HTTPS")
	c.Flags().StringSliceVar(&set.Listen.HTTP, "listen-http", nil, "addresses and ports for plain HTTP")
	c.Flags().BoolVar(&set.Listen.RedirectHTTP, "redirect-http", false, "plain requests are sent to HTTPS")
	c.RegisterFlagCompletionFunc("no-match", cobra.FixedCompletions([]string{"reset", "unrecognized_name", "default"}, cobra.ShellCompDirectiveNoFileComp))
	c.RegisterFlagCompletionFunc("default", s.complete(bindingKeys))
	return c
}

// orNull gives null for what is to be as it is by itself.
func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// some gives a list without what is empty.
func some(list []string) (out []string) {
	for _, text := range list {
		if text != "" {
			out = append(out, text)
		}
	}
	return out
}

func (s *admins) showSettings(set *admin.Settings) {
	show := func(key, value, itself string) {
		if value == "" {
			value = itself
		}
		fmt.Fprintf(s.out, "%s: %s\n", key, plain(value))
	}
	show("no_match", set.NoMatch, "reset")
	if set.Default != "" {
		show("default", set.Default, "")
	}
	show("https", strings.Join(set.Listen.HTTPS, ", "), "where bindings are")
	show("http", strings.Join(set.Listen.HTTP, ", "), "nowhere")
	if set.Listen.RedirectHTTP {
		show("redirect_http", "true", "")
	}
}
