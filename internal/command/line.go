package command

import (
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"portico/internal/config"
	"portico/internal/seldom"
)

// commandLine is the grammar of the command line. The tag "uses" names groups
// of settings, as in usedBy; without it a command uses the database and the key
// ring.
type commandLine struct {
	Serve   serveCommand   `cmd:"" default:"1" uses:"all" help:"Serve the API (default)."`
	Migrate migrateCommand `cmd:"" uses:"database wait" help:"Bring the database's schema up to date."`
	Seed    seedCommand    `cmd:"" uses:"database ring demo" help:"Fill an empty database with demo data."`
	Org     struct {
		Create orgCreateCommand `cmd:"" help:"Create an organization."`
		List   orgListCommand   `cmd:"" help:"List the organizations."`
	} `cmd:"" help:"Organizations."`
	User struct {
		Create        userCreateCommand        `cmd:"" help:"Create an administrator, such as an organization's first one."`
		List          userListCommand          `cmd:"" help:"List an organization's users."`
		ResetPassword userResetPasswordCommand `cmd:"" help:"Set a new password for a user and end all sessions."`
		Unlock        userUnlockCommand        `cmd:"" help:"Forgive a user's failed sign-ins."`
		ResetTotp     userResetTotpCommand     `cmd:"" help:"Remove the second factor of a user who has lost it."`
	} `cmd:"" help:"Users."`
	IdentityProvider struct {
		Add    providerAddCommand    `cmd:"" help:"Let people of an identity provider in."`
		List   providerListCommand   `cmd:"" help:"List an organization's identity providers, with their settings."`
		Update providerUpdateCommand `cmd:"" help:"Change an identity provider."`
		Remove providerRemoveCommand `cmd:"" help:"Remove an identity provider, and who its people are."`
		Link   providerLinkCommand   `cmd:"" help:"Say which user somebody at an identity provider is."`
		Unlink providerUnlinkCommand `cmd:"" help:"Forget who a person is at an identity provider."`
	} `cmd:"" help:"Identity providers (OpenID Connect), whose people may come in."`
	Gateway struct {
		Create gatewayCreateCommand `cmd:"" help:"Create the token of a gateway."`
		List   gatewayListCommand   `cmd:"" help:"List the tokens of an organization's gateways."`
		Revoke gatewayRevokeCommand `cmd:"" help:"Revoke the token of a gateway for ever."`
	} `cmd:"" help:"Gateways."`
	Import importCommand `cmd:"" help:"Import API keys that were made elsewhere."`
	Export exportCommand `cmd:"" help:"Write an organization's catalogue as a file: policies, products, plans and endpoints."`
	Apply  applyCommand  `cmd:"" help:"Change an organization's catalogue to what a file says."`
	Keys   struct {
		Create keysCreateCommand `cmd:"" uses:"file" help:"Write a key ring with fresh secrets."`
		Rotate keysRotateCommand `cmd:"" uses:"ring" help:"Add a secret to the key ring and switch to it."`
		Retire keysRetireCommand `cmd:"" uses:"ring" help:"Remove the JWT secrets that no valid token needs."`
	} `cmd:"" help:"The key ring: the secrets that are not in the database."`
	Health  healthCommand  `cmd:"" uses:"health" help:"Ask the server on this machine whether it is ready."`
	Doctor  doctorCommand  `cmd:"" uses:"all unchecked" help:"Say what is wrong with settings, key ring, database, clock, Redis and mail server."`
	Schema  schemaCommand  `cmd:"" uses:"none" help:"Print the GraphQL schema as a role sees it."`
	Purge   purgeCommand   `cmd:"" help:"Delete for good what is older than its retention time."`
	Config  configCommand  `cmd:"" uses:"all" help:"Print the configuration, with secrets masked."`
	Version versionCommand `cmd:"" uses:"none" help:"Print the version."`

	Settings config.Config `embed:"" group:"Settings (each also by its environment variable)"`
}

const description = "Portico is the backend of a developer portal. " +
	"Without a command it serves; `portico COMMAND --help` tells more about each."

// parse parses the command line into p.config. The command is nil if only help
// was requested.
func parse(args []string, getenv func(string) string, p *program) (*kong.Context, error) {
	var line commandLine
	helped := false
	parser, err := kong.New(&line,
		kong.Name("portico"), kong.Description(description),
		kong.Writers(p.stdout, p.stderr), kong.Exit(func(int) { helped = true }),
		kong.Resolvers(variables(getenv)), kong.Bind(p), kong.Help(printHelp),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, FlagsLast: true}), kong.ValueFormatter(describe),
	)
	if err != nil {
		return nil, err
	}
	command, err := parser.Parse(args)
	if helped {
		return nil, nil
	}
	if err != nil {
		return nil, nameVariable(parser, getenv, err)
	}
	if err := refuseSecretFlags(command); err != nil {
		return nil, err
	}
	p.config = &line.Settings
	p.config.Complete(getenv)
	if unchecked(command) {
		return command, nil
	}
	return command, p.config.Validate(usedBy(command.Selected()))
}

// variables resolves the settings that are not on the command line from the
// environment.
func variables(getenv func(string) string) kong.ResolverFunc {
	return func(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
		if value := getenv(flag.Tag.Get("var")); value != "" {
			return value, nil
		}
		return nil, nil
	}
}

// describe returns a flag's line of help, with its default and its variable's
// name.
func describe(value *kong.Value) string {
	var notes []string
	if value.Default != "" {
		notes = append(notes, "default "+value.Default)
	}
	if name := value.Tag.Get("var"); name != "" {
		notes = append(notes, "$"+name)
	}
	if notes == nil {
		return value.Help
	}
	return value.Help + " (" + strings.Join(notes, ", ") + ")"
}

// newLogger returns a logger that writes to stderr.
func newLogger(c *config.Config, stderr io.Writer) *slog.Logger {
	var level slog.Level
	// The command line accepts only slog's names.
	_ = level.UnmarshalText([]byte(c.LogLevel))
	options := &slog.HandlerOptions{Level: level}
	var to slog.Handler = slog.NewTextHandler(stderr, options)
	if c.LogFormat() == "json" {
		to = slog.NewJSONHandler(stderr, options)
	}
	return slog.New(seldom.NewHandler(to, time.Now))
}
