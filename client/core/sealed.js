/**
 * Sealing of what is kept on the device: AES-GCM with a key that the service gives at sign-in and the device never
 * stores. May import nothing; WebCrypto is passed in.
 *
 * Dropping the `Sealer` is the lock: what is stored is then unreadable until the service gives the key again.
 */

const IV_BYTES = 12; // NIST SP 800-38D, section 8.2: 96 bits

/**
 * Makes the sealer of an account. On a page that is not served securely WebCrypto is missing: what comes then keeps
 * values as they are, and its user must keep them in memory only.
 */
export async function openSealer(crypto, base64, scope) {
  if (crypto.subtle) return Sealer.open(crypto, base64, scope);
  return {
    scope,
    seal: async (_place, value) => structuredClone(value),
    unseal: async (_place, value) => structuredClone(value),
  };
}

/** What is stored cannot be opened with this key: another session's, another account's, or damaged. */
export class Unsealable extends Error {}

export class Sealer {
  /**
   * @param {Crypto} crypto
   * @param {CryptoKey} key
   * @param {string} scope bound into every value, so that none can be moved to another account
   */
  constructor(crypto, key, scope) {
    this.crypto = crypto;
    this.key = key;
    this.scope = scope;
  }

  /**
   * Makes a sealer of a key in base64 (32 bytes).
   * @param {Crypto} crypto
   * @param {string} base64
   * @param {string} scope
   */
  static async open(crypto, base64, scope) {
    const key = await crypto.subtle.importKey("raw", fromBase64(base64), "AES-GCM", false, ["encrypt", "decrypt"]);
    return new Sealer(crypto, key, scope);
  }

  /** Seals a JSON value for one place. @returns {Promise<Uint8Array>} */
  async seal(place, value) {
    const iv = this.crypto.getRandomValues(new Uint8Array(IV_BYTES));
    const text = new TextEncoder().encode(JSON.stringify(value));
    const sealed = await this.crypto.subtle.encrypt(this.how(iv, place), this.key, text);
    const out = new Uint8Array(IV_BYTES + sealed.byteLength);
    out.set(iv);
    out.set(new Uint8Array(sealed), IV_BYTES);
    return out;
  }

  /** Opens what was sealed for this place. Raises Unsealable. */
  async unseal(place, bytes) {
    try {
      const data = new Uint8Array(bytes);
      const iv = data.slice(0, IV_BYTES);
      const text = await this.crypto.subtle.decrypt(this.how(iv, place), this.key, data.slice(IV_BYTES));
      return JSON.parse(new TextDecoder().decode(text));
    } catch {
      throw new Unsealable(place);
    }
  }

  how(iv, place) {
    return { name: "AES-GCM", iv, additionalData: new TextEncoder().encode(`${this.scope}\n${place}`) };
  }
}

/**
 * Gives a name for storage that tells nothing of what it is made from.
 * @param {Crypto} crypto
 * @param {string} text
 */
export async function hiddenName(crypto, text) {
  if (!crypto.subtle) return text;
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest).slice(0, 16), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function fromBase64(text) {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (char) => char.charCodeAt(0));
}
