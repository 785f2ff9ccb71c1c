// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_applications_layout_option_h
#define lsr_applications_layout_option_h

#include <lsr/base/exceptions.h>
#include <lsr/network/network_layout.h>

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

namespace lsr
{
  /// The option --layout of programs without a parameter file.
  class LayoutOption
  {
  public:
    void
    add_to(CLI::App &app)
    {
      app
        .add_option("--layout",
                    settings,
                    "How the tensors of a checkpoint (safetensors, a "
                    "state_dict of PyTorch, .npz) make a network: "
                    "\"Name=value\" with an entry of the section "
                    "Network/Layout of parameter files, such as "
                    "\"Architecture=fully connected\"; repeated for each "
                    "entry")
        ->allow_extra_args(false);
    }

    NetworkLayout
    get() const
    {
      NetworkLayout layout;
      for (const std::string &setting : settings)
        {
          const std::size_t equals = setting.find('=');
          require(equals != std::string::npos,
                  "--layout '" + setting + "': expected \"Name=value\"");
          layout.set(setting.substr(0, equals), setting.substr(equals + 1));
        }
      return layout;
    }

  private:
    std::vector<std::string> settings;
  };
} // namespace lsr

#endif
