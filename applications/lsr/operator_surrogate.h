// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_applications_operator_surrogate_h
#define lsr_applications_operator_surrogate_h

#include <lsr/base/exceptions.h>
#include <lsr/base/types.h>
#include <lsr/network/fully_connected.h>
#include <lsr/network/network.h>

#include <string>
#include <vector>


namespace lsr
{
  /**
   * A network for an operator (DeepONet): for a function $a$, known by its
   * values at sensors,
   * @f[
   *   q(a)(y) = \sum_{k=1}^w b_k(a)\, t_k(y)
   * @f]
   * with two fully connected networks, branch $b$ and trunk $t = W h(y) + d$,
   * whose last layer is linear.
   *
   * For a given function this is the fully connected network of $y$ with the
   * hidden layers $h$ of the trunk, the weights $b^T W$ and the bias $b^T d$ of
   * its one output. Nothing is lost for refinement by that: whatever a change
   * of the branch or of the trunk's last layer does to $q(a)$ lies in the span
   * of $h$ and the constants, which is what the last layer of this network can
   * do.
   */
  class OperatorSurrogate
  {
  public:
    /// @p trunk_layout describes the trunk but for the number of its inputs,
    /// which is @p n_coordinates, and outputs.
    OperatorSurrogate(const std::string    &branch_path,
                      const std::string    &trunk_path,
                      const unsigned int    n_sensors,
                      const unsigned int    n_coordinates,
                      const FullyConnected &trunk_layout)
      : branch(Network::load(branch_path, n_sensors))
      , layout(trunk_layout)
    {
      const unsigned int width = branch.n_outputs();
      const Network trunk = Network::load(trunk_path, n_coordinates, width);
      require(!trunk.is_refined(),
              trunk_path + ": found a refined network, expected a network of "
                           "layers, which those of the branch are put into");
      layout.n_inputs            = n_coordinates;
      layout.n_outputs           = width;
      const std::size_t expected = layout.build().n_parameters();
      require(trunk.n_parameters() == expected,
              trunk_path + ": found " + std::to_string(trunk.n_parameters()) +
                " parameters, expected " + std::to_string(expected) +
                " as of the layers that are said to be in it");
      parameters       = to_host(trunk.parameters());
      layout.n_outputs = 1;
    }

    /// The layout of instance().
    const FullyConnected &
    instance_layout() const
    {
      return layout;
    }

    /// The parameters of instance_layout() for a function with the given
    /// values at the sensors.
    Column
    instance_parameters(const std::vector<double> &sensors) const
    {
      const HostBlock input = to_host(make_block(sensors.size(), 1));
      for (std::size_t i = 0; i < sensors.size(); ++i)
        input(i, 0) = sensors[i];
      const Column b_values = make_column(branch.n_outputs());
      branch.evaluate(to_memory_space(input), b_values);

      const HostColumn  b      = to_host(b_values);
      const std::size_t width  = b.size();
      const std::size_t n_in   = layout.widths.back();
      const std::size_t hidden = parameters.size() - width * (n_in + 1);
      const HostColumn  theta("lsr::theta", hidden + n_in + 1);
      for (std::size_t p = 0; p < hidden; ++p)
        theta(p) = parameters(p);
      for (std::size_t k = 0; k < width; ++k)
        {
          for (std::size_t i = 0; i < n_in; ++i)
            theta(hidden + i) += b(k) * parameters(hidden + k * n_in + i);
          theta(hidden + n_in) += b(k) * parameters(hidden + width * n_in + k);
        }
      return to_memory_space(theta);
    }

    /// The network of a function with the given values at the sensors.
    Network
    instance(const std::vector<double> &sensors) const
    {
      Network network = layout.build();
      network.set_parameters(instance_parameters(sensors));
      return network;
    }

  private:
    const Network  branch;
    FullyConnected layout;

    /// Of the trunk.
    HostColumn parameters;
  };
} // namespace lsr

#endif
