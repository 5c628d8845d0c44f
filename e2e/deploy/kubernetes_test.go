package deploy

import (
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	policy "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/runtime"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

// kinds returns the objects that the manifests may contain, by their Kubernetes type.
func kinds() map[string]func() runtime.Object {
	return map[string]func() runtime.Object{
		"v1/ServiceAccount":                  func() runtime.Object { return &core.ServiceAccount{} },
		"v1/ConfigMap":                       func() runtime.Object { return &core.ConfigMap{} },
		"v1/Service":                         func() runtime.Object { return &core.Service{} },
		"apps/v1/Deployment":                 func() runtime.Object { return &apps.Deployment{} },
		"networking.k8s.io/v1/Ingress":       func() runtime.Object { return &networking.Ingress{} },
		"networking.k8s.io/v1/NetworkPolicy": func() runtime.Object { return &networking.NetworkPolicy{} },
		"policy/v1/PodDisruptionBudget":      func() runtime.Object { return &policy.PodDisruptionBudget{} },
	}
}

// manifests reads every object that kustomization.yaml names into the types of
// Kubernetes itself: an unknown field is a failure.
func manifests(t *testing.T) []runtime.Object {
	t.Helper()
	var kustomization struct{ Resources []string }
	require.NoError(t, yaml.Unmarshal([]byte(read(t, "kubernetes/kustomization.yaml")), &kustomization))
	entries, err := os.ReadDir(filepath.Join("..", "..", "deploy", "kubernetes"))
	require.NoError(t, err)
	var there []string
	for _, e := range entries {
		if e.Name() != "kustomization.yaml" {
			there = append(there, e.Name())
		}
	}
	require.ElementsMatch(t, there, kustomization.Resources)
	var out []runtime.Object
	for _, name := range kustomization.Resources {
		documents := utilyaml.NewDocumentDecoder(io.NopCloser(strings.NewReader(read(t, "kubernetes/"+name))))
		for buffer := make([]byte, 1<<16); ; {
			n, err := documents.Read(buffer)
			if err == io.EOF {
				break
			}
			require.NoError(t, err, name)
			out = append(out, decode(t, name, buffer[:n]))
		}
	}
	return out
}

func decode(t *testing.T, name string, text []byte) runtime.Object {
	t.Helper()
	var head struct{ APIVersion, Kind string }
	require.NoError(t, yaml.Unmarshal(text, &head), name)
	fresh := kinds()[head.APIVersion+"/"+head.Kind]
	require.NotNil(t, fresh, "%s holds a %s of %s", name, head.Kind, head.APIVersion)
	object := fresh()
	require.NoError(t, yaml.UnmarshalStrict(text, object), name)
	return object
}

// only returns the only object of a type.
func only[T runtime.Object](t *testing.T) T {
	t.Helper()
	var found []T
	for _, o := range manifests(t) {
		if o, ok := o.(T); ok {
			found = append(found, o)
		}
	}
	require.Len(t, found, 1)
	return found[0]
}

// References between manifests exist: ports, labels, settings.
func TestReferencesBetweenManifestsExist(t *testing.T) {
	d := only[*apps.Deployment](t)
	pod := d.Spec.Template
	container := pod.Spec.Containers[0]
	var ports []string
	for _, p := range container.Ports {
		ports = append(ports, p.Name)
	}
	selects := func(selector map[string]string) {
		for k, v := range selector {
			require.Equal(t, v, pod.Labels[k])
		}
		require.NotEmpty(t, selector)
	}
	selects(d.Spec.Selector.MatchLabels)
	selects(only[*policy.PodDisruptionBudget](t).Spec.Selector.MatchLabels)
	services := map[string][]string{}
	for _, o := range manifests(t) {
		switch o := o.(type) {
		case *core.Service:
			selects(o.Spec.Selector)
			for _, p := range o.Spec.Ports {
				require.Contains(t, ports, p.TargetPort.StrVal, o.Name)
				services[o.Name] = append(services[o.Name], p.Name)
			}
		case *networking.NetworkPolicy:
			selects(o.Spec.PodSelector.MatchLabels)
			for _, rule := range o.Spec.Ingress {
				for _, p := range rule.Ports {
					require.Contains(t, ports, p.Port.StrVal)
				}
			}
		}
	}
	for _, rule := range only[*networking.Ingress](t).Spec.Rules {
		for _, path := range rule.HTTP.Paths {
			require.Contains(t, services[path.Backend.Service.Name], path.Backend.Service.Port.Name, path.Path)
		}
	}
	require.Equal(t, only[*core.ServiceAccount](t).Name, pod.Spec.ServiceAccountName)
	require.Equal(t, only[*core.ConfigMap](t).Name, container.EnvFrom[0].ConfigMapRef.Name)
}

// The listener for gateways has no TLS, and metrics need no password.
func TestIngressPublishesTheAPIOnly(t *testing.T) {
	for _, rule := range only[*networking.Ingress](t).Spec.Rules {
		for _, path := range rule.HTTP.Paths {
			require.Equal(t, "portico", path.Backend.Service.Name)
		}
	}
}

// A pod that was killed earlier would abort requests.
func TestThePodHasTimeToDrain(t *testing.T) {
	require.Equal(t, "10s", only[*core.ConfigMap](t).Data["PORTICO_DRAIN_DELAY"])
	require.GreaterOrEqual(t, *only[*apps.Deployment](t).Spec.Template.Spec.TerminationGracePeriodSeconds, int64(10+10+5))
}

// The container's command with the settings of the ConfigMap serves, as the
// user of the pod, with a key ring that root owns and the pod's group may read.
func TestThePodsCommand(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can run a command as another user")
	}
	spec := only[*apps.Deployment](t).Spec.Template.Spec
	settings := maps.Clone(only[*core.ConfigMap](t).Data)
	for _, line := range strings.Split(read(t, "kubernetes/kustomization.yaml"), "\n") {
		for _, name := range []string{"DATABASE_URL", "REDIS_URL"} {
			if strings.Contains(line, "--from-literal="+name+"=") {
				settings[name] = map[string]string{
					"DATABASE_URL": "postgres://portico:secret@postgres/portico?sslmode=disable", "REDIS_URL": "redis://redis",
				}[name]
			}
		}
	}
	require.Contains(t, settings, "DATABASE_URL")
	i := install(t, settings)
	i.run(t, "", "keys", "create")
	volume := spec.Volumes[slices.IndexFunc(spec.Volumes, func(v core.Volume) bool { return v.Name == "keyring" })]
	// Kubernetes adds the group's permissions for fsGroup.
	mode := os.FileMode(*volume.Secret.DefaultMode) | 0o040
	require.NoError(t, os.Chown(i.settings["PORTICO_KEYRING"], 0, int(*spec.SecurityContext.FSGroup)))
	require.NoError(t, os.Chmod(i.settings["PORTICO_KEYRING"], mode))
	reachable(t, i.folder)
	i.user = &syscall.Credential{Uid: uint32(*spec.SecurityContext.RunAsUser), Gid: uint32(*spec.SecurityContext.RunAsGroup)}
	i.serve(t, spec.Containers[0].Args...)
}
