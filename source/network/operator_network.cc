// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "network/operator_network.h"

#include <sstream>

#include "network/read_module.h"
#include "network/torch_support.h"

namespace lsr
{
  namespace
  {
    torch::jit::Module
    module_of(const Network &network, const std::string &name)
    {
      const Network::Scaling &scaling = network.scaling();
      require(!network.is_refined() && scaling.input_shift.empty() &&
                scaling.input_scale.empty() && scaling.output_shift.empty() &&
                scaling.output_scale.empty(),
              "the " + name +
                " of an operator is refined or has a scaling, expected a plain "
                "network");
      return read_module(network.to_bytes(), name);
    }
  } // namespace



  Network
  operator_network(const Network &branch, const Network &trunk)
  {
    require(branch.n_outputs() == trunk.n_outputs(),
            "the branch of an operator has " +
              std::to_string(branch.n_outputs()) + " outputs, its trunk " +
              std::to_string(trunk.n_outputs()) + ", expected as many");
    const std::string name  = "network of branch and trunk";
    const std::string bytes = guarded(name, [&]() {
      const std::string  n = std::to_string(trunk.n_inputs());
      torch::jit::Module module("OperatorNetwork");
      module.register_module("trunk", module_of(trunk, "trunk"));
      module.register_module("branch", module_of(branch, "branch"));
      module.define("def forward(self, x):\n"
                    "  t = self.trunk.forward(x[:, :" +
                    n +
                    "])\n"
                    "  b = self.branch.forward(x[:, " +
                    n +
                    ":])\n"
                    "  return torch.sum(b * t, 1, keepdim=True)\n");
      std::ostringstream stream;
      module.save(stream);
      return stream.str();
    });
    return Network::load_bytes(bytes,
                               name,
                               trunk.n_inputs() + branch.n_inputs());
  }
} // namespace lsr
