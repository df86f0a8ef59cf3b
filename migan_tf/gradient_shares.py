"""Which term of the objective moves the generator's output, and how much."""

import tensorflow as tf

from migan_tf import losses


def gradient_shares(task, discriminator, batch, output):
    """Shares of the weighted terms in the gradient at the network's output.

    The norm of weight × ∂term/∂output over the sum of these norms: a term
    that drowns the rest has a share near 1.

    Args:
      task: from `tasks.make_task`.
      discriminator: D, in inference mode here, or None.
      batch: of the contract in `data`.
      output: of the network on this batch.

    Returns:
      {gradient_share/<term>: scalar in [0,1]}.
    """
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(output)
        terms = task.terms(batch, output)
        if discriminator is not None:
            pair = task.fake_pair(batch, output)
            logits = discriminator(pair, training=False)
            terms["adversarial_loss"] = losses.adversarial_loss(logits)
        terms = {name: task.weights[name] * terms[name] for name in terms}
    norms = {
        name: tf.norm(tape.gradient(term, output))
        for name, term in terms.items()
    }
    total = tf.add_n(list(norms.values()))
    return {
        f"gradient_share/{name}": tf.math.divide_no_nan(norm, total)
        for name, norm in norms.items()
    }
