// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/config.h>
#include <lsr/base/device.h>
#include <lsr/network/network.h>

#include <iostream>
#include <sstream>

#include "applications/lsr/commands.h"
#include "applications/lsr/print_documents.h"

namespace lsr
{
  namespace
  {
    std::string
    versions()
    {
      std::ostringstream text;
      text << "lsr of dealii_lsr " << LSR_VERSION << '\n';
#ifdef LSR_WITH_DEALII
      text << "deal.II " << LSR_DEALII_VERSION << '\n'
           << "Trilinos " << LSR_TRILINOS_VERSION << '\n';
#endif
      text << "Kokkos " << KOKKOS_VERSION / 10000 << '.'
           << KOKKOS_VERSION / 100 % 100 << '.' << KOKKOS_VERSION % 100 << '\n'
           << "LibTorch " << Network::torch_version() << '\n'
           << "device " << device_name() << '\n'
           << "compiler " << LSR_COMPILER;
      return text.str();
    }
  } // namespace
} // namespace lsr



int
main(int argc, char **argv)
{
  CLI::App app("Linearized subspace refinement of trained networks. See also "
               "lsr SUBCOMMAND --help.",
               "lsr");
  app.set_version_flag("--version", lsr::versions);
  app.require_subcommand(0, 1);
  lsr::Command command{app.get_name(), []() {
                         std::cerr << "lsr: error: subcommand expected; see "
                                      "--help"
                                   << std::endl;
                         return 1;
                       }};
  lsr::add_refine(app, command);
  lsr::add_fit(app, command);
#ifdef LSR_WITH_DEALII
  lsr::add_train(app, command);
  lsr::add_check(app, command);
#endif
  lsr::add_evaluate(app, command);
  lsr::add_print_documents(app);
  return lsr::run_command(app, argc, argv, command);
}
