// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "network/linear_layers.h"

#include <lsr/base/exceptions.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <regex>

namespace lsr
{
  namespace
  {
    /// Runs of digits and of other characters in turn.
    std::vector<std::string>
    words(const std::string &name)
    {
      std::vector<std::string> result;
      bool                     was_digit = false;
      for (const char c : name)
        {
          const bool is_digit = std::isdigit(static_cast<unsigned char>(c));
          if (result.empty() || is_digit != was_digit)
            result.emplace_back();
          result.back() += c;
          was_digit = is_digit;
        }
      return result;
    }



    bool
    is_number(const std::string &word)
    {
      return std::isdigit(static_cast<unsigned char>(word[0]));
    }



    bool
    is_less(const std::string &a, const std::string &b)
    {
      if (!is_number(a) || !is_number(b))
        return a < b;
      const auto digits = [](const std::string &word) {
        return word.substr(
          std::min(word.find_first_not_of('0'), word.size() - 1));
      };
      const std::string x = digits(a), y = digits(b);
      return x.size() != y.size() ? x.size() < y.size() : x < y;
    }



    /// Whether the names differ first by a number, which is less in @p a.
    bool
    is_numbered_before(const std::string &a, const std::string &b)
    {
      const auto x = words(a), y = words(b);
      for (std::size_t i = 0; i < std::min(x.size(), y.size()); ++i)
        if (x[i] != y[i])
          return is_number(x[i]) && is_number(y[i]) && is_less(x[i], y[i]);
      return false;
    }



    /// What a tensor is to a layer, judged by its name.
    struct Role
    {
      bool                is_weight;
      std::optional<bool> is_transposed;

      /// The name without the word that says so.
      std::string layer;
    };



    std::optional<Role>
    role_of(const std::string &name)
    {
      static const std::regex pattern(
        "(weights?|kernels?|w|bias|biases|b)(?:_?([0-9]+))?",
        std::regex::icase);
      std::vector<std::string> parts(1);
      for (const char c : name)
        if (c == '.' || c == '/')
          parts.emplace_back();
        else
          parts.back() += c;
      for (std::size_t i = parts.size(); i-- > 0;)
        {
          std::smatch match;
          if (!std::regex_match(parts[i], match, pattern))
            continue;
          std::string word = match[1];
          for (char &c : word)
            c = std::tolower(static_cast<unsigned char>(c));
          Role role;
          role.is_weight = word[0] != 'b';
          if (word[0] == 'k')
            role.is_transposed = true;
          else if (word.size() > 1)
            role.is_transposed = false;
          parts[i] = match[2];
          for (const std::string &part : parts)
            if (!part.empty())
              role.layer += (role.layer.empty() ? "" : ".") + part;
          return role;
        }
      return {};
    }



    LinearLayer
    make_layer(const std::string &name,
               const Checkpoint  &checkpoint,
               const std::size_t  weight)
    {
      LinearLayer layer;
      layer.name    = name;
      layer.weight  = weight;
      layer.rows    = checkpoint.tensors[weight].tensor.size(0);
      layer.columns = checkpoint.tensors[weight].tensor.size(1);
      return layer;
    }



    bool
    is_vector(const at::Tensor &tensor)
    {
      return tensor.dim() == 1 || (tensor.dim() == 2 && tensor.size(0) == 1);
    }



    /// Layers of tensors whose names say nothing.
    std::vector<LinearLayer>
    pair_in_order(const Checkpoint &checkpoint, std::vector<std::size_t> places)
    {
      if (!checkpoint.is_ordered)
        std::sort(places.begin(),
                  places.end(),
                  [&](const std::size_t a, const std::size_t b) {
                    return natural_order(checkpoint.tensors[a].name,
                                         checkpoint.tensors[b].name);
                  });
      std::vector<LinearLayer> layers;
      for (const std::size_t place : places)
        {
          const Checkpoint::Entry &entry = checkpoint.tensors[place];
          if (entry.tensor.dim() == 2)
            layers.push_back(make_layer(entry.name, checkpoint, place));
          else if (entry.tensor.dim() == 1 && !layers.empty() &&
                   !layers.back().bias)
            layers.back().bias = place;
        }
      return layers;
    }



    std::string
    describe(const LinearLayer &layer)
    {
      return "'" + layer.name + "' (" + std::to_string(layer.n_in()) + " -> " +
             std::to_string(layer.n_out()) + ")";
    }



    /// Throws where the widths of @p layers do not fit.
    void
    require_chain(const std::vector<LinearLayer> &layers,
                  const std::int64_t              n_in)
    {
      std::int64_t width = n_in;
      for (std::size_t l = 0; l < layers.size(); ++l)
        {
          require(layers[l].n_in() == width,
                  "layer " + describe(layers[l]) + " has " +
                    std::to_string(layers[l].n_in()) + " inputs, but " +
                    (l == 0 ?
                       "the network gives it " :
                       "layer " + describe(layers[l - 1]) + " before it has ") +
                    std::to_string(width) + (l == 0 ? "" : " outputs"));
          width = layers[l].n_out();
        }
    }



    bool
    is_chain(const std::vector<LinearLayer> &layers, const std::int64_t n_in)
    {
      std::int64_t width = n_in;
      for (const LinearLayer &layer : layers)
        {
          if (layer.n_in() != width)
            return false;
          width = layer.n_out();
        }
      return true;
    }



    /// All orders in which widths fit and numbers grow; at most two of them.
    class OrderSearch
    {
    public:
      explicit OrderSearch(const std::vector<LinearLayer> &layers)
        : layers(layers)
        , taken(layers.size(), false)
        , follows(layers.size())
      {
        for (std::size_t i = 0; i < layers.size(); ++i)
          for (std::size_t j = 0; j < layers.size(); ++j)
            if (is_numbered_before(layers[j].name, layers[i].name))
              follows[i].push_back(j);
      }

      void
      run(const std::int64_t width)
      {
        if (order.size() == layers.size())
          found.push_back(order);
        for (std::size_t i = 0; i < layers.size(); ++i)
          {
            if (found.size() == 2 || ++n_steps > 20000)
              return;
            if (taken[i] || layers[i].n_in() != width ||
                std::any_of(follows[i].begin(),
                            follows[i].end(),
                            [&](const std::size_t j) { return !taken[j]; }))
              continue;
            taken[i] = true;
            order.push_back(layers[i]);
            run(layers[i].n_out());
            order.pop_back();
            taken[i] = false;
          }
      }

      std::vector<std::vector<LinearLayer>> found;

      bool
      gave_up() const
      {
        return n_steps > 20000;
      }

    private:
      const std::vector<LinearLayer>       &layers;
      std::vector<LinearLayer>              order;
      std::vector<bool>                     taken;
      std::vector<std::vector<std::size_t>> follows;
      std::size_t                           n_steps = 0;
    };
  } // namespace



  bool
  natural_order(const std::string &a, const std::string &b)
  {
    const auto x = words(a), y = words(b);
    for (std::size_t i = 0; i < std::min(x.size(), y.size()); ++i)
      if (x[i] != y[i])
        return is_less(x[i], y[i]);
    return x.size() < y.size();
  }



  std::vector<LinearLayer>
  find_linear_layers(const Checkpoint               &checkpoint,
                     const std::vector<std::size_t> &places)
  {
    std::vector<LinearLayer>           layers;
    std::map<std::string, std::size_t> layer_of;
    bool                               have_roles = false;
    for (const std::size_t place : places)
      {
        const Checkpoint::Entry &entry = checkpoint.tensors[place];
        const auto               role  = role_of(entry.name);
        have_roles                     = have_roles || role;
        if (role && role->is_weight && entry.tensor.dim() == 2 &&
            layer_of.count(role->layer) == 0)
          {
            layer_of[role->layer] = layers.size();
            layers.push_back(make_layer(role->layer, checkpoint, place));
            layers.back().is_transposed = role->is_transposed;
          }
      }
    if (!have_roles)
      return pair_in_order(checkpoint, places);
    for (const std::size_t place : places)
      {
        const Checkpoint::Entry &entry = checkpoint.tensors[place];
        const auto               role  = role_of(entry.name);
        if (!role || role->is_weight || !is_vector(entry.tensor))
          continue;
        const auto layer = layer_of.find(role->layer);
        if (layer != layer_of.end() && !layers[layer->second].bias)
          layers[layer->second].bias = place;
      }
    return layers;
  }



  void
  orient(std::vector<LinearLayer> &layers,
         const std::string        &weights,
         const Checkpoint         &checkpoint,
         const std::int64_t        n_in)
  {
    require(!layers.empty(), "there are no linear layers among the tensors");
    const auto bias_fits = [&](const LinearLayer &layer) {
      return !layer.bias ||
             checkpoint.tensors[*layer.bias].tensor.numel() == layer.n_out();
    };
    const auto all_fit = [&](const std::vector<LinearLayer> &candidates) {
      return std::all_of(candidates.begin(), candidates.end(), bias_fits) &&
             std::any_of(candidates.begin(),
                         candidates.end(),
                         [&](const LinearLayer &layer) {
                           return layer.n_in() == n_in;
                         });
    };
    const auto oriented = [&](const bool transposed, const bool all) {
      std::vector<LinearLayer> result = layers;
      for (LinearLayer &layer : result)
        if (all || !layer.is_transposed)
          layer.is_transposed = transposed;
      return result;
    };

    if (weights != "auto")
      layers = oriented(weights == "in out", true);
    else
      {
        const bool is_open = std::any_of(layers.begin(),
                                         layers.end(),
                                         [](const LinearLayer &layer) {
                                           return !layer.is_transposed;
                                         });
        const auto plain   = oriented(false, false),
                   other   = oriented(true, false);
        require(!is_open || all_fit(plain) != all_fit(other),
                "whether weights such as '" +
                  checkpoint.tensors[layers[0].weight].name +
                  "' are [outputs, inputs] or [inputs, outputs] shows neither "
                  "in names nor in sizes: set Weights = out in, or in out");
        layers = is_open && all_fit(other) ? other : plain;
      }
    for (const LinearLayer &layer : layers)
      if (!bias_fits(layer))
        throw Error(
          "layer " + describe(layer) + " has " +
          std::to_string(checkpoint.tensors[*layer.bias].tensor.numel()) +
          " biases, expected " + std::to_string(layer.n_out()) +
          " (are its weights [inputs, outputs]? Then set Weights = in out)");
  }



  std::vector<LinearLayer>
  order_layers(const std::vector<LinearLayer> &layers,
               const std::int64_t              n_in,
               const bool                      is_ordered)
  {
    require(!layers.empty(), "there are no linear layers among the tensors");
    // Numbers in the names may speak against the order of the file.
    bool numbers_grow = true;
    for (std::size_t i = 0; i < layers.size(); ++i)
      for (std::size_t j = 0; j < i; ++j)
        numbers_grow =
          numbers_grow && !is_numbered_before(layers[i].name, layers[j].name);
    if (is_ordered && numbers_grow && is_chain(layers, n_in))
      return layers;

    OrderSearch search(layers);
    search.run(n_in);
    if (search.found.empty())
      {
        // The message is about the order that people expect.
        std::vector<LinearLayer> expected = layers;
        if (!is_ordered)
          std::sort(expected.begin(),
                    expected.end(),
                    [](const LinearLayer &a, const LinearLayer &b) {
                      return natural_order(a.name, b.name);
                    });
        require_chain(expected, n_in);
      }
    require(search.found.size() == 1 && !search.gave_up(),
            "the order of the layers does not show in their names and widths: "
            "name them all, such as '" +
              layers[0].name + "', in Layers, separated by commas");
    return search.found[0];
  }



  std::vector<LinearLayer>
  order_layers(const std::vector<LinearLayer> &layers,
               const std::int64_t              n_in,
               const std::vector<std::string> &names)
  {
    std::vector<LinearLayer> result;
    for (const std::string &name : names)
      {
        const auto  found = std::find_if(layers.begin(),
                                        layers.end(),
                                        [&](const LinearLayer &layer) {
                                          return layer.name == name;
                                        });
        std::string known;
        for (const LinearLayer &layer : layers)
          known += (known.empty() ? "" : ", ") + layer.name;
        require(found != layers.end(),
                "there is no layer '" + name + "'; there are " + known);
        result.push_back(*found);
      }
    require_chain(result, n_in);
    return result;
  }
} // namespace lsr
