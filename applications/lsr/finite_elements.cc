// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "applications/lsr/finite_elements.h"

extern "C" const lsr::FiniteElementCommands lsr_finite_element_commands;

const lsr::FiniteElementCommands lsr_finite_element_commands{
  lsr::refine_problem,
  lsr::train_on_solutions,
  lsr::evaluate_on_mesh,
  lsr::check_field};
