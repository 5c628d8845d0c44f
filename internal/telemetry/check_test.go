package telemetry

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Values that OpenTelemetry would refuse without naming them, or drop silently,
// are reported with variable and value.
func TestVariablesAreChecked(t *testing.T) {
	for name, values := range map[string][]string{
		"OTEL_TRACES_EXPORTER":                  {"jaeger", "otlp,console", "OTLP"},
		"OTEL_EXPORTER_OTLP_PROTOCOL":           {"http/json", "http"},
		"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL":    {"grpcs"},
		"OTEL_EXPORTER_OTLP_COMPRESSION":        {"zstd"},
		"OTEL_EXPORTER_OTLP_TRACES_COMPRESSION": {"GZIP"},
		"OTEL_TRACES_SAMPLER":                   {"jaeger_remote"},
		"OTEL_TRACES_SAMPLER_ARG":               {"half", "2", "-1"},
		"OTEL_BSP_SCHEDULE_DELAY":               {"5s"},
		"OTEL_BSP_MAX_QUEUE_SIZE":               {"-1"},
		"OTEL_EXPORTER_OTLP_TIMEOUT":            {"10s"},
		"OTEL_EXPORTER_OTLP_ENDPOINT":           {"collector:4318", "tcp://collector", "http://", "::"},
		"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT":    {"collector"},
	} {
		for _, value := range values {
			environment := map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://user:geheim@collector:4318", "OTEL_TRACES_SAMPLER": "traceidratio", name: value}
			err := Check(func(name string) string { return environment[name] })
			require.ErrorContains(t, err, name+": ", value)
			if value != "" && name != "OTEL_EXPORTER_OTLP_ENDPOINT" && name != "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT" {
				require.ErrorContains(t, err, `"`+value+`"`)
			}
			require.NotContains(t, err.Error(), "geheim")
			environment["OTEL_SDK_DISABLED"] = "true"
			require.NoError(t, Check(func(name string) string { return environment[name] }), "it is not used")
		}
	}
	good := map[string]string{"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_ENDPOINT": "https://collector:4318/x", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc",
		"OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.25", "OTEL_BSP_SCHEDULE_DELAY": "50"}
	require.NoError(t, Check(func(name string) string { return good[name] }))
	require.NoError(t, Check(func(string) string { return "" }))
}
