// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// Network: the corrections that a refined network carries.

#include <algorithm>

#include "network/implementation.h"

namespace lsr
{
  namespace
  {
    using Tensors = std::vector<at::Tensor>;

    bool
    equal(const Tensors &a, const Tensors &b)
    {
      return std::equal(a.begin(),
                        a.end(),
                        b.begin(),
                        b.end(),
                        [](const at::Tensor &x, const at::Tensor &y) {
                          return at::equal(x, y);
                        });
    }



    Tensors
    copy(const Tensors &tensors)
    {
      Tensors copies;
      for (const at::Tensor &tensor : tensors)
        copies.push_back(tensor.clone());
      return copies;
    }



    std::vector<double>
    to_numbers(const Tensors &tensors)
    {
      Tensors pieces;
      for (const at::Tensor &tensor : tensors)
        pieces.push_back(tensor.reshape({-1}));
      const at::Tensor flat = at::cat(pieces).cpu().contiguous();
      const double    *data = flat.data_ptr<double>();
      return std::vector<double>(data, data + flat.numel());
    }



    std::string
    describe(const std::string &name, const std::vector<std::int64_t> &sizes)
    {
      return "'" + name + "' " + c10::str(at::IntArrayRef(sizes));
    }
  } // namespace



  std::vector<Network::Implementation::Correction>
  Network::Implementation::corrections(const Column &further) const
  {
    std::vector<Correction> all = stored_corrections;
    if (further.size() == 0)
      return all;
    require(further.size() == n_parameters,
            "the correction has " + std::to_string(further.size()) +
              " entries, expected " + std::to_string(n_parameters));
    const at::Tensor direction = as_tensor(further);
    for (Correction &correction : all)
      if (equal(correction.theta, theta))
        {
          correction.direction = correction.direction + direction;
          return all;
        }
    all.push_back({theta, direction});
    return all;
  }



  void
  Network::Implementation::store(const std::vector<Correction> &corrections)
  {
    stored_corrections.clear();
    for (const Correction &correction : corrections)
      stored_corrections.push_back(
        {copy(correction.theta), correction.direction.clone()});
  }



  at::Tensor
  Network::Implementation::contribution(
    const at::Tensor              &x,
    const std::vector<Correction> &corrections) const
  {
    at::Tensor sum = at::zeros({x.size(0), n_outputs}, block_options());
    for (const Correction &correction : corrections)
      sum += push_forward(correction.theta, x, correction.direction);
    return sum;
  }



  RefinedFile
  Network::Implementation::to_file(
    const std::vector<Correction> &corrections) const
  {
    RefinedFile refined;
    refined.network      = *file;
    refined.scaling      = scaling;
    refined.input_names  = input_names;
    refined.sample_sizes = sample_sizes;
    refined.n_inputs     = n_inputs;
    refined.n_outputs    = n_outputs;
    for (std::size_t p = 0; p < theta.size(); ++p)
      refined.parameters.emplace_back(graph->names[p], theta[p].sizes().vec());
    refined.theta = to_numbers(theta);
    refined.correction.assign(n_parameters, 0.);
    for (const Correction &correction : corrections)
      {
        const auto direction = to_numbers({correction.direction});
        if (equal(correction.theta, theta))
          refined.correction = direction;
        else
          refined.earlier.emplace_back(to_numbers(correction.theta), direction);
      }
    return refined;
  }



  void
  Network::Implementation::restore(const RefinedFile &refined)
  {
    const auto &expected = refined.parameters;
    for (std::size_t p = 0; p < std::max(theta.size(), expected.size()); ++p)
      {
        const std::string wanted =
                            p < expected.size() ?
                              describe(expected[p].first, expected[p].second) :
                              "none",
                          found = p < theta.size() ?
                                    describe(graph->names[p],
                                             theta[p].sizes().vec()) :
                                    "none";
        require(expected.empty() || wanted == found,
                "the correction is one of other parameters: number " +
                  std::to_string(p + 1) + " is " + wanted +
                  " in it, and in the network " + found);
      }

    const auto to_tensor = [&](const std::vector<double> &numbers) {
      require(numbers.size() == n_parameters,
              "the correction has " + std::to_string(numbers.size()) +
                " entries, the network " + std::to_string(n_parameters) +
                " parameters");
      const at::Tensor tensor = at::tensor(numbers, block_options());
      require(at::isfinite(tensor).all().item<bool>(),
              "a refined network with numbers that are not finite");
      return tensor;
    };
    if (!refined.theta.empty())
      {
        const auto pieces = split_like(to_tensor(refined.theta), theta);
        for (std::size_t p = 0; p < theta.size(); ++p)
          theta[p].copy_(pieces[p]);
      }
    for (const auto &[parameters, direction] : refined.earlier)
      stored_corrections.push_back(
        {split_like(to_tensor(parameters), theta), to_tensor(direction)});
    if (refined.correction.empty())
      return;
    const at::Tensor direction = to_tensor(refined.correction);
    if (at::count_nonzero(direction).item<std::int64_t>() > 0)
      stored_corrections.push_back({copy(theta), direction});
  }
} // namespace lsr
