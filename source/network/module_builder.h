// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_network_module_builder_h
#define lsr_network_module_builder_h

#include <lsr/network/network_layout.h>

#include <torch/csrc/jit/api/module.h>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "network/checkpoint.h"
#include "network/column_expressions.h"
#include "network/linear_layers.h"
#include "network/script_steps.h"

namespace lsr
{
  /**
   * Writes the TorchScript module that a layout makes of a checkpoint; see
   * make_module(). The variable x of its function forward() goes from the
   * inputs to the outputs, the variable points stays the inputs.
   */
  class ModuleBuilder
  {
  public:
    ModuleBuilder(Checkpoint                      &&checkpoint,
                  const NetworkLayout              &layout,
                  const unsigned int                n_inputs,
                  const std::optional<unsigned int> n_outputs);

    torch::jit::Module
    run();

  private:
    /// A piece of the inputs: its text, and the number of its columns.
    struct Columns
    {
      std::string  text;
      std::int64_t n;
    };

    /// The text of the tensor in this place in an expression.
    using TensorText = std::function<std::string(const std::size_t place)>;

    // Tensors of the file.

    /// Keep the tensors that belong to the network.
    void
    select();

    std::size_t
    find_tensor(const std::string &name, const std::string &entry) const;

    std::vector<std::size_t>
    unused_tensors() const;

    /// The text of a member of the module.
    static std::string
    member(const std::string &name);

    /// Use a tensor, transposed or with other sizes perhaps.
    std::string
    use(const std::size_t place,
        const at::Tensor &tensor,
        const bool        is_parameter);

    /// Numbers that are no tensor of the file.
    std::string
    use(const std::string &name, const std::vector<double> &numbers);

    /// Throws where there are tensors that are not used.
    void
    refuse_leftovers() const;

    torch::jit::Module
    make();

    // Expressions and numbers.

    /// The text of the result of an expression, whose statements are appended
    /// to the script. @p tensor_text makes a text of a tensor in braces.
    std::string
    compile(const std::string &text,
            const std::string &entry,
            ColumnVariables    variables,
            const TensorText  &tensor_text);

    /// The tensor that an entry names, or the numbers it lists, in a text;
    /// empty if the entry is.
    std::string
    numbers(const std::string &text,
            const std::string &entry,
            const std::string &name);

    void
    require_size(const std::string &member_text,
                 const std::string &entry,
                 const std::int64_t expected) const;

    // Inputs and outputs.

    void
    scale_inputs();

    /// Replace the inputs @p inputs by the features of them; returns how many
    /// there are.
    std::int64_t
    make_features(const Columns &inputs);

    /// The product of a matrix with the inputs, or a vector.
    std::string
    feature_tensor(const std::size_t place, const Columns &inputs);

    void
    finish_outputs();

    std::string
    output_value(const std::vector<std::string> &expressions,
                 const std::size_t               c);

    void
    multiply_basis();

    // Layers.

    /// The tensors that are named in Features, Output, means, deviations or
    /// as a basis are no layers.
    std::vector<std::size_t>
    for_layers(const std::vector<std::size_t> &places) const;

    ScriptStep
    step(const LinearLayer &layer);

    /// One activation for each of @p n layers.
    static std::vector<ScriptStep>
    activations(const std::string &text, const std::size_t n);

    /// Send the variable @p x, of @p n_in columns, through the layers that
    /// the tensors at @p places make. Returns the number of columns then.
    std::int64_t
    make_network(const std::string              &x,
                 const std::int64_t              n_in,
                 const std::vector<std::size_t> &places,
                 const std::string              &activation,
                 const bool                      activate_last);

    /// Remove the encoders from the layers.
    std::vector<LinearLayer>
    take_encoders(std::vector<LinearLayer> &layers,
                  const std::int64_t        n_in) const;

    // Parallel layers.

    /// Layers by their numbers: the first one is the place in the network,
    /// a second one that among layers beside each other.
    std::map<unsigned long, std::map<unsigned long, LinearLayer>>
    parallel_layers(const std::int64_t n_in, std::set<unsigned long> &shared);

    void
    make_parallel(const std::int64_t n_in);

    // Branch and trunk.

    /// The tensors whose names begin with @p start, or have a part that
    /// does.
    std::vector<std::size_t>
    tensors_of(const std::string &start, const std::string &entry) const;

    /// The same, separately for each number that follows @p start.
    std::vector<std::vector<std::size_t>>
    numbered(const std::vector<std::size_t> &places,
             const std::string              &start) const;

    /// Whether the tensors make one network.
    bool
    is_one_network(const std::vector<std::size_t> &places,
                   const std::int64_t              n_in) const;

    /// Inputs of the branch: those of its first layer.
    std::int64_t
    n_branch_inputs(const std::vector<std::size_t> &places) const;

    void
    make_deeponet();

    bool
    is_any_network(const std::vector<std::size_t> &places) const;

    std::string
    branch_activation() const;

    void
    multiply_branches_and_trunks(
      const std::vector<std::vector<std::size_t>> &branches,
      const std::int64_t                           n_branch,
      const std::vector<std::vector<std::size_t>> &trunks,
      const std::int64_t                           n_features);

    /// How many scalar products the outputs of branch and trunk make.
    std::int64_t
    n_products(const std::int64_t branch, const std::int64_t trunk) const;

    /// The numbers that are added to the scalar products.
    std::vector<std::size_t>
    offsets() const;

    void
    add_offsets(const std::int64_t n);

    struct Member
    {
      std::size_t place;
      std::string name;
      at::Tensor  tensor;
      bool        is_parameter;
    };

    Checkpoint                        checkpoint;
    const NetworkLayout              &layout;
    const unsigned int                n_inputs;
    const std::optional<unsigned int> n_outputs;

    std::vector<bool>     is_used;
    std::set<std::size_t> is_trained;

    /// Members of the module in the order in which they are used.
    std::vector<Member> members;

    /// forward() as far as it is written.
    std::string  script;
    unsigned int n_expressions = 0;

    /// Columns of its variable x.
    std::int64_t width = 0;

    /// The first input that is a coordinate.
    std::int64_t first_coordinate = 0;
  };
} // namespace lsr

#endif
