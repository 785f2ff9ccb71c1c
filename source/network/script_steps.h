// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_network_script_steps_h
#define lsr_network_script_steps_h

#include <functional>
#include <string>
#include <vector>

namespace lsr
{
  /// Lines of TorchScript that replace the variable of the given name.
  using ScriptStep = std::function<std::string(const std::string &x)>;

  /// The lines "x = text" for a text in which $x stands for the variable.
  ScriptStep
  assignment(const std::string &text);

  /**
   * An activation: a name (tanh, silu, ...) or an expression in x, such as
   * sin(30*x). Throws lsr::Error for anything else, with the names there are.
   */
  ScriptStep
  activation_step(const std::string &text);

  /**
   * Lines that send the variable @p x through @p layers, with the activation
   * @p activations[l] behind layer $l$; there may be none behind the last. With
   * two encoders $U$, $V$ of the input, whose activation is the first one, an
   * activated layer $z$ becomes $z \circ U + (1 - z) \circ V$.
   */
  std::string
  chain_of_layers(const std::string             &x,
                  const std::vector<ScriptStep> &layers,
                  const std::vector<ScriptStep> &activations,
                  const std::vector<ScriptStep> &encoders = {});
} // namespace lsr

#endif
