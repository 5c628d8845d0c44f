// A front end in Vue.
import { createApp, ref } from "vue/dist/vue.esm-bundler.js";
import { createSession } from "../../../docs/frontends/session.js";
import { useSession, withSession } from "../../../docs/frontends/session.vue.js";
import { load, page } from "./parts.js";

const { server, root } = page();

const Home = {
  setup() {
    const { state, signIn, signOut, fetch } = useSession();
    const email = ref(""), password = ref(""), problem = ref(""), result = ref("");
    return {
      state, email, password, problem, result, signOut,
      signIn: () => signIn({ email: email.value, password: password.value }).catch((error) => (problem.value = error.message)),
      load: async () => (result.value = await load(fetch, server)),
    };
  },
  template: `
    <form v-if="state.status === 'signed-out'" id="sign-in" @submit.prevent="signIn">
      <input id="email" v-model="email"><input id="password" v-model="password" type="password"><button>Sign in</button>
      <p id="problem">{{ problem }}</p>
    </form>
    <template v-if="state.status === 'signed-in'">
      <p id="who">{{ state.viewer.user.name }}</p>
      <button id="load" @click="load">Load</button>
      <button id="sign-out" @click="signOut()">Sign out</button>
      <p id="result">{{ result }}</p>
    </template>`,
};

createApp(Home).use(withSession, createSession(server)).mount(root);
